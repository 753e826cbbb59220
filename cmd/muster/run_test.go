package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// says runs muster to its end and returns its exit status and what it has printed.
func says(t testing.TB, args ...string) (status int, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := muster(ctx, args...)
	out, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) || ctx.Err() != nil {
		t.Fatalf("muster %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// verified fails the test unless audit verify finds everything whole.
func verified(t testing.TB, args ...string) {
	t.Helper()
	if status, text := says(t, append([]string{"audit", "verify"}, args...)...); status != 0 {
		t.Fatalf("audit verify exits with %d:\n%s", status, text)
	}
}

// replayed returns all of the organization's events, read from the log by audit replay.
func replayed(t testing.TB, s site, args ...string) []string {
	t.Helper()
	args = append([]string{"audit", "replay", "--log-level", "error", "--format", "jsonl", "--organization", s.org}, args...)
	status, text := says(t, args...)
	if status != 0 {
		t.Fatalf("audit replay exits with %d:\n%s", status, text)
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
