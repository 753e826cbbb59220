package native

import "bytes"

// readUsual reads a JSON object of strings as most clients send it: without escapes, and without
// whitespace but one space after a colon or a comma and a newline at the end. It calls set for
// each field. It reports false for any other text, and as soon as set reports false.
func readUsual(text []byte, set func(name, value []byte) bool) bool {
	for i := 0; ; i++ {
		opening := byte('{')
		if i > 0 {
			opening = ','
		}
		if len(text) == 0 || text[0] != opening {
			return i > 0 && (string(text) == "}" || string(text) == "}\n")
		}
		if text = text[1:]; i > 0 {
			text = bytes.TrimPrefix(text, []byte(" "))
		}
		var name, value []byte
		var ok bool
		if name, text, ok = plainString(text); !ok {
			return false
		}
		if text, ok = bytes.CutPrefix(text, []byte(":")); !ok {
			return false
		}
		if value, text, ok = plainString(bytes.TrimPrefix(text, []byte(" "))); !ok || !set(name, value) {
			return false
		}
	}
}

// plainString cuts a JSON string without escapes, of printable ASCII.
func plainString(text []byte) (content, rest []byte, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		return nil, nil, false
	}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return text[1:i], text[i+1:], true
		case c < ' ' || c > '~' || c == '\\':
			return nil, nil, false
		}
	}
	return nil, nil, false
}
