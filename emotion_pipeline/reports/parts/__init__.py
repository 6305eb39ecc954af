"""What reports share: numbers as tables, figures, and the page they stand on."""
