"""Who may use which model: facts about subjects and the law as data, in; decisions that can be checked, out."""
