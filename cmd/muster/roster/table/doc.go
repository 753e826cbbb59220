// Package table reads files that other programs have written into rows of text: it finds
// out the encoding of a file and the separator of its values, and accounts for every
// line. It does not know what the columns mean.
//
//	text, err := table.Decode(file, table.Auto)
//	rows, err := table.ReadCSV(text)
//	for {
//		row, err := rows.Next()
//		…
//	}
//
// A line that cannot be read is a [*LineError], which says which lines it covers. What
// comes after it can still be read.
package table
