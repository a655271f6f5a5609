"""The JSON door of portal: what needs the journal and the clusters together."""
