"""A GPT of code: tokenizer, model, sampling."""
