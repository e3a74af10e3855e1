"""How far the loss rises near a point: in Keskar's box and in a ball."""
