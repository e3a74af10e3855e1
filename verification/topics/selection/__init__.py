"""Selection: which data point wins, with which chance, and after how many steps."""
