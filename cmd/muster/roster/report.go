package roster

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// rejection is a line that was not imported, with the reason.
type rejection struct {
	Line   int    `json:"line"`
	Who    string `json:"who,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// rejected returns the rejection of the line. The detail may begin with the code.
func (p *person) rejected(code, detail string) rejection {
	who := p.Email
	if who == "" {
		who = p.UserID
	}
	return rejection{Line: p.line, Who: who, Code: code, Detail: strings.TrimPrefix(detail, code+": ")}
}

// report prints what became of the import. It returns an error if a line was rejected.
func (i *importing) report(stdout io.Writer) error {
	if i.format == terminal.FormatJSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		report := map[string]any{"dry_run": i.dry, "added": i.added, "invited": i.invited, "rejected": append([]rejection{}, i.rejected...)}
		if err := encoder.Encode(report); err != nil {
			return err
		}
	} else {
		did := ""
		if i.dry {
			did = " would be"
		}
		fmt.Fprintf(stdout, "%d%s added, %d%s invited, %d rejected\n", i.added, did, i.invited, did, len(i.rejected))
		if len(i.rejected) > 0 {
			t := terminal.NewTable(stdout, "line", "who", "code", "why")
			for _, r := range i.rejected {
				t.AppendRow(terminal.Row{r.Line, r.Who, r.Code, r.Detail})
			}
			t.Render()
		}
	}
	if len(i.rejected) > 0 {
		return fmt.Errorf("%d lines were rejected", len(i.rejected))
	}
	return nil
}
