"""Plan again for some people while the rest stays."""
