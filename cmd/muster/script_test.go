package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/muster-dev/muster/events/natstest"
)

// TestScript runs the sessions in testdata/script, each in a directory of its own.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"port": port(t), "taken": taken, "heard": heard, "idof": idOf, "await": await, "terminate": terminate, "let": let, "contains": contains, "get": get, "curl": curl, "follow": openStream,
			"exits": exits, "receiver": receiver, "eventually": eventually, "same": same, "mode": mode, "flip": flip, "sql": runSQL, "unseal": unseal,
		},
	})
}

// port VARIABLE sets the variable to an address that nothing listens on.
func port(t testing.TB) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, arguments []string) {
		ts.Setenv(arguments[0], natstest.Address(t))
	}
}

// taken VARIABLE sets the variable to an address that something listens on. It
// sends nothing to a client that connects.
func taken(ts *testscript.TestScript, _ bool, arguments []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(arguments[0], listener.Addr().String())
	ts.Defer(func() { _ = listener.Close() })
	file := ts.MkAbs(arguments[0] + ".heard")
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_ = os.WriteFile(file, nil, 0o600)
			_, _ = io.Copy(io.Discard, conn) // until the other side closes it
			_ = conn.Close()
		}
	}()
}

// heard VARIABLE waits until somebody has connected to the address that taken has made.
func heard(ts *testscript.TestScript, _ bool, arguments []string) {
	file := ts.MkAbs(arguments[0] + ".heard")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nobody has connected to %s", ts.Getenv(arguments[0]))
		}
	}
}

// await waits until the service at $ADDR is ready.
func await(ts *testscript.TestScript, _ bool, _ []string) {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + ts.Getenv("ADDR") + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(response.Status)
		}
		if time.Now().After(deadline) {
			ts.Fatalf("not ready: %v", err)
		}
	}
}

// terminate asks the programs in the background to end, as service managers do. It is not
// called stop, because that ends the script: commands of testscript go before ours.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

// contains FILE LINE waits until the file has the line and no other.
func contains(ts *testscript.TestScript, _ bool, arguments []string) {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(arguments[0]))
		if err == nil && strings.TrimSpace(string(text)) == arguments[1] {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s has %q: %v", arguments[0], text, err)
		}
	}
}

// let VARIABLE FILE sets the variable to the content of the file.
func let(ts *testscript.TestScript, _ bool, arguments []string) {
	ts.Setenv(arguments[0], strings.TrimSpace(ts.ReadFile(arguments[1])))
}

// exits STATUS PROGRAM... runs the program, which must exit with that status, and
// writes what it prints to the files stdout and stderr.
func exits(ts *testscript.TestScript, _ bool, arguments []string) {
	want, err := strconv.Atoi(arguments[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(arguments[1], arguments[2:]...); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = failed.ExitCode()
	}
	for _, name := range []string{"stdout", "stderr"} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(ts.ReadFile(name)), 0o600))
	}
	if got != want {
		ts.Fatalf("exit status %d, not %d", got, want)
	}
}

// mode MODE FILE fails unless the file has these permissions.
func mode(ts *testscript.TestScript, _ bool, arguments []string) {
	info, err := os.Stat(ts.MkAbs(arguments[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != arguments[0] {
		ts.Fatalf("%s has mode %s", arguments[1], got)
	}
}

// flip PATTERN changes a bit in the middle of the largest file that the pattern
// matches.
func flip(ts *testscript.TestScript, _ bool, arguments []string) {
	files, err := filepath.Glob(ts.MkAbs(arguments[0]))
	ts.Check(err)
	var largest []byte
	var path string
	for _, file := range files {
		content, err := os.ReadFile(file)
		ts.Check(err)
		if len(content) > len(largest) {
			largest, path = content, file
		}
	}
	if path == "" {
		ts.Fatalf("%s: there is no such file", arguments[0])
	}
	largest[len(largest)/2] ^= 1
	ts.Check(os.WriteFile(path, largest, 0o600))
}

// sql FILE STATEMENT changes a database.
func runSQL(ts *testscript.TestScript, _ bool, arguments []string) {
	db, err := sql.Open("sqlite3", ts.MkAbs(arguments[0]))
	ts.Check(err)
	_, err = db.Exec(arguments[1])
	ts.Check(errors.Join(err, db.Close()))
}
