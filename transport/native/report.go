package native

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// reportKinds maps each kind of report to the function that prepares it.
var reportKinds = map[string]func(*transport.Call, *reportInput) (*report, error){
	"who-had-access":         reportAccess,
	"privileged":             reportAccess,
	"joiners-movers-leavers": reportChanges,
	"access-review":          reportReview,
}

func reportOperations() []transport.Operation {
	const path = "/v1/organizations/{organization}/reports/{kind}"
	const tag = "Reports"
	return append([]transport.Operation{
		{
			ID: "get-report", Path: path, Errors: []int{http.StatusUnprocessableEntity},
			Reach: transport.ReachOrganization, Scope: "audit:read", Tag: tag,
			Summary: "Get a report for auditors",
			Description: "Who had access at a moment (who-had-access), who of them had level 40 or a permission that editors do not have (privileged), " +
				"whose access began, changed or ended in a period (joiners-movers-leavers), or what an access review decided (access-review). " +
				"It comes as CSV, as JSON Lines, or as a page to print, by format or Accept, and is sent while it is read, however long it is. " +
				"The same request as of the same position has the same bytes, so the header Link names the manifest that proves them.",
			Document: documentReport,
			Do:       transport.Query(getReport),
		},
		{
			ID: "get-report-manifest", Path: path + "/manifest", Errors: []int{http.StatusUnprocessableEntity},
			Reach: transport.ReachOrganization, Scope: "audit:read", Tag: tag,
			Summary:     "Get the signed manifest of a report",
			Description: "What the report with the same parameters is: the query, the position as of which it was made, how many rows it has and the SHA-256 of its bytes, with a checkpoint of the log that covers every event in the report. It is a signed note (c2sp.org/signed-note) of the key at /v1/checkpoints/key, with the name muster/INSTALLATION/report. Making it takes as long as making the report.",
			Document:    documentManifest,
			Do:          transport.Query(getReportManifest),
		},
	}, revocationOperations()...)
}

// anyText is a pattern for every text.
const anyText = `^[\s\S]*$`

func documentReport(op *huma.Operation, _ huma.Registry) {
	text := func(example string) *huma.MediaType {
		return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(1 << 40), Pattern: anyText}, Example: example}
	}
	op.Responses = map[string]*huma.Response{"200": {Description: "The report", Content: map[string]*huma.MediaType{
		"text/csv":             text("workspace_id,workspace,user_id,email,name,source,role,level,since,event_id\n"),
		"application/x-ndjson": text(`{"workspace":"Product"}`), "text/html": text("<!doctype html>"),
	}}}
}

func documentManifest(op *huma.Operation, _ huma.Registry) {
	op.Responses = map[string]*huma.Response{"200": {Description: "The manifest", Content: map[string]*huma.MediaType{
		"text/plain": {Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(1 << 20), Pattern: anyText}, Example: "{\"report\":\"who-had-access\"}\n\n— muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/report AAAA\n"},
	}}}
}

type reportInput struct {
	OrganizationPath
	transport.ReadHeaders
	Kind      string             `path:"kind" enum:"who-had-access,privileged,joiners-movers-leavers,access-review" doc:"The kind of report."`
	Format    string             `query:"format" enum:"csv,jsonl,html" doc:"How it is written; the default is what Accept prefers, or CSV."`
	AsOf      string             `query:"as_of" bounds:"as_of" maxLength:"100" doc:"For who-had-access and privileged: the moment, as a position of the organization, a time or a day. The default is now." example:"3-1042"`
	From      string             `query:"from" bounds:"as_of" maxLength:"100" doc:"For joiners-movers-leavers: changes after this moment." example:"2026-01-01"`
	To        string             `query:"to" bounds:"as_of" maxLength:"100" doc:"For joiners-movers-leavers: changes up to this moment. The default is now." example:"2026-04-01"`
	Workspace domain.WorkspaceID `query:"workspace_id" format:"uuid" doc:"This workspace alone. Not for access-review."`
	Review    domain.ReviewID    `query:"review_id" format:"uuid" doc:"For access-review: the review."`
}

// report is what is reported: the names of its columns and its rows. The rows are read while
// they are written, so a report takes the same memory whatever its length.
type report struct {
	title   string
	columns []string
	at      projections.Moment // as of which it is made
	last    uint64             // number of the last event that it tells, if that is later: known once the rows are read
	query   url.Values
	leavers *manifestLeavers // whom it is about; nil: it is about no file
	each    func(yield func(cells ...string) error) error
}

// prepare checks the request and returns its report. It reads no row.
func (in *reportInput) prepare(c *transport.Call) (*report, error) {
	if err := c.FindOrganization(in.Organization); err != nil {
		return nil, err
	}
	for _, p := range []struct{ name, value, kind string }{
		{"as_of", in.AsOf, "who-had-access privileged"},
		{"from", in.From, "joiners-movers-leavers"},
		{"to", in.To, "joiners-movers-leavers"},
		{"review_id", orEmpty(in.Review), "access-review"},
		{"workspace_id", orEmpty(in.Workspace), "who-had-access privileged joiners-movers-leavers"},
	} {
		if p.value != "" && !hasWord(p.kind, in.Kind) {
			return nil, transport.InvalidField("query."+p.name, "not_applicable", "only these reports take the parameter: "+p.kind)
		}
	}
	in.Format = reportFormat(c, in.Format)
	if err := c.AwaitShown(in.Organization); err != nil {
		return nil, err
	}
	if !in.Workspace.IsZero() {
		switch ws, err := c.FindWorkspace(in.Workspace); {
		case err != nil:
			return nil, err
		case ws.Organization != in.Organization:
			return nil, transport.NotFound()
		}
	}
	r, err := reportKinds[in.Kind](c, in)
	if err != nil {
		return nil, err
	}
	r.query.Set("format", in.Format)
	if !in.Workspace.IsZero() {
		r.query.Set("workspace_id", in.Workspace.String())
	}
	return r, nil
}

// reportFormat returns the format that was asked for: by the parameter, or by Accept.
func reportFormat(c *transport.Call, sent string) string {
	switch {
	case sent != "":
		return sent
	case c.Prefers("text/html", "text/csv"):
		return "html"
	case c.Prefers("application/x-ndjson", "text/csv"), c.Prefers("application/json", "text/csv"):
		return "jsonl"
	default:
		return "csv"
	}
}

func orEmpty[Kind any](id domain.ID[Kind]) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func getReport(c *transport.Call, in *reportInput) (*Raw, error) {
	r, err := in.prepare(c)
	if err != nil {
		return nil, err
	}
	return r.send(c, in.Organization, in.Kind, in.Format), nil
}

// send returns the response that is the report.
func (r *report) send(c *transport.Call, org domain.OrganizationID, kind, format string) *Raw {
	return &Raw{Body: func(huma.Context) {
		c.SetHeader("Content-Type", reportFormats[format].media)
		c.SetHeader("Muster-As-Of", r.at.Position.String())
		manifest := "/v1/organizations/" + org.String() + "/reports/" + kind + "/manifest?" + r.query.Encode()
		c.SetHeader("Link", "<"+manifest+`>; rel="describedby"; type="text/plain"`)
		c.SetStatus(http.StatusOK)
		if c.Request().Method == http.MethodHead {
			return
		}
		stream := newReportStream(c)
		_, err := r.write(format, stream)
		if err == nil {
			err = stream.end()
		}
		if err != nil {
			c.Abort(err)
		}
	}}
}

// manifest says what a report is.
type manifest struct {
	Report       string                `json:"report"`
	Organization domain.OrganizationID `json:"organization_id"`
	Query        map[string]string     `json:"query"`
	Position     string                `json:"position"`
	Time         transport.Time        `json:"time"`
	Rows         int                   `json:"rows"`
	SHA256       string                `json:"sha256"`
	Leavers      *manifestLeavers      `json:"leavers,omitempty"`
	Checkpoint   string                `json:"checkpoint"`
}

func getReportManifest(c *transport.Call, in *reportInput) (*Raw, error) {
	r, err := in.prepare(c)
	if err != nil {
		return nil, err
	}
	return r.manifest(c, in.Organization, in.Kind, in.Format)
}

// manifest makes the report, and returns the response that is its signed manifest.
func (r *report) manifest(c *transport.Call, org domain.OrganizationID, kind, format string) (*Raw, error) {
	sum := sha256.New()
	rows, err := r.write(format, &reportStream{c: c, to: sum})
	if err != nil {
		return nil, err
	}
	ctx, cancel := c.WhileServing(proofPatience)
	defer cancel()
	published, err := c.Log().CheckpointCovering(ctx, wire.Position{Partition: r.at.Position.Partition, Number: max(r.at.Position.Number, r.last)})
	if err != nil {
		return nil, err
	}
	m := manifest{
		Report: kind, Organization: org, Query: make(map[string]string), Position: r.at.Position.String(), Time: transport.Time(c.Now()),
		Rows: rows, SHA256: hex.EncodeToString(sum.Sum(nil)), Leavers: r.leavers, Checkpoint: string(published.Note),
	}
	for name := range r.query {
		m.Query[name] = r.query.Get(name)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	signed, err := c.Log().SignNote(c, "report", string(text)+"\n")
	if err != nil {
		return nil, err
	}
	return &Raw{Body: func(huma.Context) {
		c.SetHeader("Content-Type", transport.TextType)
		c.SetStatus(http.StatusOK)
		_, _ = c.ResponseWriter().Write(signed) // fails if the client is gone
	}}, nil
}

// write writes the report in the format, and returns how many rows it has.
func (r *report) write(format string, to io.Writer) (rows int, err error) {
	w, err := reportFormats[format].begin(r, bufio.NewWriterSize(to, reportPiece))
	if err != nil {
		return 0, err
	}
	if err := r.each(func(cells ...string) error {
		rows++
		return w.row(cells)
	}); err != nil {
		return rows, err
	}
	return rows, w.end(rows)
}

// cellTime is [timeText], or empty for the zero time.
func cellTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return timeText(t)
}

func cellProfile(p *domain.Profile) (email, name string) {
	if p == nil {
		return "", ""
	}
	return p.Email, joinName(p.Name)
}

func joinName(n domain.PersonName) string {
	if n.First == "" || n.Last == "" {
		return n.First + n.Last
	}
	return n.First + " " + n.Last
}

// cellChange returns what kind of change the event is.
func cellChange(eventType string) string {
	_, change, _ := strings.Cut(eventType, ".")
	return change
}

// pointed returns what the pointer points to, or the zero value for nil.
func pointed[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

func cellLevel(l domain.Level) string { return strconv.Itoa(int(l)) }
