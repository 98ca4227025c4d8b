"""Problems too large for one master, planned in blocks."""
