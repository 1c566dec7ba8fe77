"""Pages: blocks of figures, tables and charts as one self-contained HTML file."""
