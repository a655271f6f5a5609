"""What every area needs and no area owns: refusals, state machines, answers, windows, paging. No models, no business nouns."""
