"""The tools of the model: written together, agreed, promised, printed, taken to Word and back."""
