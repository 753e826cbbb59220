package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain makes the test binary the program under test as well: a process that is
// started under the name muster runs the program. One that is started under the name
// nats-server is a server of a [cluster].
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){
		"muster": func() {
			flushAlways = os.Getenv(lazyVariable) == ""
			killErasure()
			os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
		},
		"nats-server": runNATS,
	})
}

// tests runs all tests and then looks for goroutines that they have left running. Tests
// cannot do that for themselves, because they run in parallel.
type tests struct{ m *testing.M }

// parallel is how many tests run at once unless -parallel is given. It is more than
// there may be processors, because most of the time a test waits for other processes
// and the disk.
const parallel = "4"

// Run runs the tests and returns the exit status.
func (t tests) Run() int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", parallel) // the flag exists in every test binary
	}
	status := t.m.Run()
	http.DefaultClient.CloseIdleConnections() // those of the scripts
	if err := goleak.Find(); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, "goroutines are still running after the tests:", err)
		return 1
	}
	return status
}
