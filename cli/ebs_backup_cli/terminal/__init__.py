"""How the command shows things: lines, words, bars, reports and files."""
