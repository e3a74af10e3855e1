"""Mini-batch SGD: the trap region, convergence, drift, the walk and commitment."""
