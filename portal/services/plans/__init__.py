"""The tools of the model written together: versions, proposals, yeses, promises, Word and back."""
