package transport

import (
	"math"
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
	for tag := range strings.SplitSeq(ifMatch, ",") {
		version, ok := parseETag(strings.TrimSpace(tag))
		if !ok {
			return p, Invalid(FieldProblem{"header.If-Match", CodeInvalidValue, `ETags in double quotes with commas between them, or *, are expected`})
		}
		p.Versions = append(p.Versions, version)
	}
	return p, nil
}

// neverAVersion is the version of an ETag that no resource of Muster ever has. Weak ETags
// get it too, because If-Match uses the strong comparison.
const neverAVersion = math.MaxUint64

func parseETag(tag string) (version uint64, ok bool) {
	weak := strings.HasPrefix(tag, "W/")
	text := strings.TrimPrefix(tag, "W/")
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' || strings.Contains(text[1:len(text)-1], `"`) {
		return 0, false
	}
	version, err := strconv.ParseUint(text[1:len(text)-1], 10, 64)
	if weak || err != nil {
		return neverAVersion, true
	}
	return version, true
}

// etag returns the ETag of a resource with that version.
func etag(version uint64) string {
	return string(append(strconv.AppendUint(append(make([]byte, 0, 22), '"'), version, 10), '"'))
}
