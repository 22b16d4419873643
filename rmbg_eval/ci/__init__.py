"""What a build reads of a run or a comparison: gate, junit.xml, summary.md, schemas."""
