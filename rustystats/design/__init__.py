"""What X is: level codes with small look-up tables, dense columns, and both side by side."""
