"""The doing of a run: train by the plan, choose on what was held out, and leave a run folder."""
