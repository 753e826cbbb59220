package archive

import "fmt"

// Result is what came of a check.
type Result string

// The results.
const (
	// OK means that the check passed.
	OK Result = "ok"
	// Skipped means that there was nothing to check.
	Skipped Result = "-"
	// Unknown means that what was asked for could not be checked.
	Unknown Result = "?"
	// Failed means that something is wrong.
	Failed Result = "FAIL"
)

// Finding is one line of what [Verify] reports.
type Finding struct {
	Result Result
	Check  string
	Detail string
}

// The checks.
const (
	filesCheck      = "files"
	checkpointCheck = "checkpoint"
	yoursCheck      = "your checkpoint"
	eventsCheck     = "events"
	completeCheck   = "completeness"
)

// mostFailures is how many failures of one check are reported one by one.
const mostFailures = 10

// findings reports what is found, and counts.
type findings struct {
	report func(Finding)
	failed map[string]int
}

func (f *findings) ok(check, format string, arguments ...any) {
	f.report(Finding{OK, check, fmt.Sprintf(format, arguments...)})
}

func (f *findings) skip(check, format string, arguments ...any) {
	f.report(Finding{Skipped, check, fmt.Sprintf(format, arguments...)})
}

func (f *findings) unknown(check, format string, arguments ...any) {
	f.report(Finding{Unknown, check, fmt.Sprintf(format, arguments...)})
}

func (f *findings) fail(check, format string, arguments ...any) {
	f.failed[check]++
	if f.failed[check] <= mostFailures {
		f.report(Finding{Failed, check, fmt.Sprintf(format, arguments...)})
	}
}

// more reports how many failures of a check were not reported one by one.
func (f *findings) more(check string) {
	if n := f.failed[check] - mostFailures; n > 0 {
		f.report(Finding{Failed, check, fmt.Sprintf("and %d more", n)})
	}
}
