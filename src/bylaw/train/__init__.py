"""Training: one loop, one file per method. A method says what a batch is and what the loss is; nothing else.

``settings`` · ``examples`` (what is trained on) · ``packing`` · ``packed`` · ``method`` (the seam) ·
``loop`` · ``checkpoint`` · ``sft`` · ``preference`` · ``dpo`` · ``grpo`` · ``lora`` · ``save`` · ``crew`` (who
shares the work), ``sharded``, ``shards``, ``orders`` (several processes).
"""
