package transport

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/openapi"
)

// parsePrecondition returns the precondition that the two headers of a write state (RFC
// 9110, 13.1).
func parsePrecondition(ifMatch, ifNoneMatch string) (domain.Precondition, error) {
	var p domain.Precondition
	switch ifNoneMatch {
	case "":
	case "*":
		p.Absent = true
	default:
		return p, Invalid(FieldProblem{"header.If-None-Match", CodeInvalidValue, "a write takes * and nothing else"})
	}
	switch ifMatch {
	case "":
		return p, nil
	case "*":
		p.Exists = true
		return p, nil
	}
	tags, err := parseETags("header.If-Match", ifMatch)
	if err != nil {
		return p, err
	}
	for _, tag := range tags {
		p.Versions = append(p.Versions, versionOf(tag))
	}
	return p, nil
}

var (
	etagPattern  = regexp.MustCompile(openapi.ETag)
	etagsPattern = regexp.MustCompile(openapi.ETags)
)

// parseETags returns the tags of a list that the client sent under the pointer. There are
// none in the list *.
func parseETags(pointer, list string) ([]string, error) {
	if !etagsPattern.MatchString(list) {
		return nil, InvalidField(pointer, CodeInvalidValue, "ETags in double quotes with commas between them, or *, are expected")
	}
	return etagPattern.FindAllString(list, -1), nil
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
