"""How large a run is: what it needs of a GPU before it starts, how fast a machine is, how long the whole will take.

``shapes`` a model by its sizes · ``memory`` bytes a GPU · ``rates`` tokens a second, measured or projected, apart ·
``plan`` a recipe's stages on N GPUs · ``throughput`` measures a machine, on random weights (torch).
"""
