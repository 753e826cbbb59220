package sqlite

// PrefixEnd returns the end of the range of texts that begin with the prefix. The range
// begins at the prefix itself: a text t begins with it exactly if prefix <= t < end.
//
// SQLite compares texts by their bytes. The byte 0xFF does not occur in UTF-8 and is
// greater than all bytes that do. So the prefix followed by it comes after every text
// that begins with the prefix, and before every greater text that does not.
func PrefixEnd(prefix string) string { return prefix + "\xff" }
