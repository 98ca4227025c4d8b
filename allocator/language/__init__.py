"""Every sentence that a person reads, in Chinese and English, and what renders them."""
