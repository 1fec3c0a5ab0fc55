"""The networks on offer: facts about them, their first weights, and how one is built."""
