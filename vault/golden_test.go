package vault_test

// What testdata/golden.py prints.
const (
	goldenFirst  = "0100c0ffeea0a1a2a3a4a5a6a7a8a9aaabb98afb319e5330bc63b8ffa1838703f68c92d1368bee8b38efba7dc427bd874519"
	goldenSecond = "015eedcafea0a1a2a3a4a5a6a7a8a9aaabcf16351134b26c49bbc65fe4314441b3b3bba73d3a5865db2e3719c0311cb06862"
	goldenMAC    = "d5ab88d4f66f688e16b1cd22375dd8b3b962918f525c1064b015628b9a0348e1"
)
