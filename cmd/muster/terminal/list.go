package terminal

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// List is a flag for several texts, separated by commas. Each use of the flag adds to them.
type List struct {
	all      *[]string
	kind     string
	expected string
	parse    func(string) string
}

// NewList returns a flag that adds to the texts what parse makes of each. The kind is what
// help shows for the value, and expected is the error for an empty text.
func NewList(all *[]string, kind, expected string, parse func(string) string) List {
	return List{all, kind, expected, parse}
}

// String returns the texts.
func (l List) String() string { return strings.Join(*l.all, ",") }

// Type returns the kind.
func (l List) Type() string { return l.kind }

// Set adds the texts.
func (l List) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			return errors.New(l.expected)
		}
		*l.all = append(*l.all, l.parse(one))
	}
	return nil
}

// typePrefix is what the types of all events begin with.
const typePrefix = "muster."

// EventTypes returns a flag for types of events, such as muster.member.added or
// muster.member.*. The word muster at the beginning can be left out.
func EventTypes(types *[]string) List {
	return NewList(types, "types", "types like muster.member.added or muster.member.* are expected, separated by commas", func(text string) string {
		if strings.HasPrefix(text, typePrefix) || text == "*" {
			return text
		}
		return typePrefix + text
	})
}

// ShowType returns the type of an event without the word muster.
func ShowType(eventType string) string { return strings.TrimPrefix(eventType, typePrefix) }

// CompleteTypes lets shells complete the types of events after a flag of [EventTypes].
func CompleteTypes(cmd *cobra.Command, flag string, types []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		last := typed[strings.LastIndexByte(typed, ',')+1:]
		done := strings.TrimSuffix(typed, last)
		var found []string
		for _, t := range types {
			if !strings.HasPrefix(last, typePrefix) {
				t = ShowType(t)
			}
			if strings.HasPrefix(t, last) {
				found = append(found, done+t)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	})
}

// CompleteWords lets shells complete the flags of the command that take one of a few words.
func CompleteWords(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if words := strings.Split(f.Value.Type(), "|"); len(words) > 1 {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
		}
	})
}
