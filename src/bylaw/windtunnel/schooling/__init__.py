"""How the seed model is made from nothing: lessons drawn from the world, taught by stages."""
