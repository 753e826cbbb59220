package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// release is set by the linker when a release is built.
var release string

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print version, Go version and platform",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionLine())
			return err
		}),
	}
}

// versionLine returns what muster version and muster --version print.
func versionLine() string {
	return fmt.Sprintf("muster %s, %s %s/%s", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// version returns the release, or what the Go command has recorded about the source.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	var revision, modified string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = " (" + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = ", modified"
		}
	}
	if revision != "" {
		revision += modified + ")"
	}
	return cmp.Or(info.Main.Version, "(devel)") + revision
}
