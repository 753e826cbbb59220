package transport

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxPairs is the largest number of pairs in a query.
const maxPairs = 1000

// parseQuery returns the parameters of a query. Unlike [url.URL.Query] it drops nothing:
// what cannot be read is returned as a problem. A parameter without an equals sign has an
// empty value, which [parameter.check] refuses.
func parseQuery(raw string) (query url.Values, wrong []FieldProblem) {
	if raw == "" {
		return nil, nil
	}
	if strings.Count(raw, "&") >= maxPairs {
		return nil, []FieldProblem{{"query", CodeTooMany, fmt.Sprintf("at most %d parameters are expected", maxPairs)}}
	}
	query = make(url.Values)
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue // an empty pair carries nothing
		}
		sentName, sentValue, _ := strings.Cut(pair, "=")
		name, ok := unescape(sentName)
		if !ok {
			wrong = append(wrong, FieldProblem{"query." + strings.ToValidUTF8(sentName, "\uFFFD"), CodeInvalidValue, unreadableQuery})
			continue
		}
		value, ok := unescape(sentValue)
		if !ok {
			wrong = append(wrong, FieldProblem{"query." + name, CodeInvalidValue, unreadableQuery})
			continue
		}
		query[name] = append(query[name], value)
	}
	return query, wrong
}

const unreadableQuery = "the parameter cannot be read: UTF-8 is expected, with every %, &, + and ; of a value escaped, and & between parameters"

// unescape returns a name or a value of a query. It reports false if the text has a
// semicolon, which some programs read as a separator, or is not escaped UTF-8.
func unescape(text string) (string, bool) {
	if strings.Contains(text, ";") {
		return "", false
	}
	text, err := url.QueryUnescape(text)
	return text, err == nil && utf8.ValidString(text)
}

// checkNames refuses query parameters that cannot be read, and those that the operation
// does not have.
func checkNames(query url.Values, unreadable []FieldProblem, declared []parameter) error {
	wrong := unreadable
	for name := range query {
		if !slices.ContainsFunc(declared, func(p parameter) bool { return p.in == "query" && p.name == name }) {
			wrong = append(wrong, FieldProblem{"query." + name, CodeUnknownParameter, "the operation does not have this parameter"})
		}
	}
	return invalidParameters(wrong)
}
