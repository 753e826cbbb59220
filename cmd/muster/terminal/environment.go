package terminal

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// annotation is the name under which a flag keeps the name of its variable.
const annotation = "environment"

// InEnvironment makes flags settable by a variable of the environment as well: MUSTER_
// and the flag's name, so MUSTER_NATS_URL for --nats-url.
func InEnvironment(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		InVariable(flags, name, "MUSTER_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")))
	}
}

// InVariable makes a flag settable by the variable of the environment as well.
func InVariable(flags *pflag.FlagSet, name, variable string) {
	f := flags.Lookup(name)
	f.Usage += " [" + variable + "]"
	f.Annotations = map[string][]string{annotation: {variable}}
}

// Variable returns the name of the variable that can set the flag, empty for none.
func Variable(f *pflag.Flag) string {
	if names := f.Annotations[annotation]; len(names) > 0 {
		return names[0]
	}
	return ""
}

// ReadEnvironment sets the flags that were not given from their variables. Such a
// flag is still not [pflag.Flag.Changed]. An empty variable counts as unset.
func ReadEnvironment(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		variable := Variable(f)
		if f.Changed || variable == "" {
			return
		}
		value := os.Getenv(variable)
		if value == "" {
			return
		}
		if wrong := f.Value.Set(value); wrong != nil {
			err = errors.Join(err, fmt.Errorf("invalid %s=%q: %w", variable, value, wrong))
		}
	})
	return err
}
