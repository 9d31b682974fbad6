"""What one study reports beside the others: a module for each, its `sections(results, folder)` → Markdown."""
