package transport

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
)

// parsePrecondition returns the precondition that the two headers of a write state (RFC
// 9110, 13.1).
func parsePrecondition(ifMatch, ifNoneMatch string) (domain.Precondition, error) {
	var p domain.Precondition
	switch strings.TrimSpace(ifNoneMatch) {
	case "":
	case "*":
		p.Absent = true
	default:
		return p, Invalid(FieldProblem{"header.If-None-Match", CodeInvalidValue, "a write takes * and nothing else"})
	}
	switch strings.TrimSpace(ifMatch) {
	case "":
		return p, nil
	case "*":
		p.Exists = true
		return p, nil
	}
	tags, ok := parseETags(ifMatch)
	if !ok {
		return p, InvalidField("header.If-Match", CodeInvalidValue, "ETags in double quotes with commas between them, or *, are expected")
	}
	for _, tag := range tags {
		p.Versions = append(p.Versions, versionOf(tag))
	}
	return p, nil
}

var (
	etagPattern  = regexp.MustCompile(`(W/)?"[!#-~]*"`) // RFC 9110, 8.8.3
	etagsPattern = regexp.MustCompile(`^` + etagPattern.String() + `([ \t]*,[ \t]*` + etagPattern.String() + `)*$`)
)

// parseETags returns the tags of a list. It reports false if the text is not such a list.
func parseETags(list string) (tags []string, ok bool) {
	if !etagsPattern.MatchString(list) {
		return nil, false
	}
	return etagPattern.FindAllString(list, -1), true
}

// neverAVersion is the version of an ETag that no resource of Muster ever has.
const neverAVersion = math.MaxUint64

// versionOf returns the version whose ETag this is. Tags are compared as texts, so "057" is
// not the tag of version 57. Neither is a weak tag, because If-Match uses the strong
// comparison.
func versionOf(tag string) uint64 {
	version, err := strconv.ParseUint(strings.Trim(tag, `"`), 10, 64)
	if err != nil || etag(version) != tag {
		return neverAVersion
	}
	return version
}

// etag returns the ETag of a resource with that version.
func etag(version uint64) string {
	return string(append(strconv.AppendUint(append(make([]byte, 0, 22), '"'), version, 10), '"'))
}
