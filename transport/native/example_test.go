package native

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// The ids in the examples of the document.
const (
	exampleOrganization = "019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53"
	exampleWorkspace    = "019cc043-af91-783e-9927-3daab1cd9277"
	exampleRole         = "019cc043-b8c1-7a40-8d2e-5b6f7a8091c2"
	exampleToken        = "019cc043-bd13-7e58-a4c7-1d2e3f405162"
	exampleSubscription = "019cc043-c7d4-7b61-9e0f-2a3b4c5d6e7f"
	exampleReview       = "019cc043-ca17-7d42-8c3b-4e5f60718293"
	exampleHook         = "https://app.acme.example/hooks/muster"
	exampleSkipped      = "0-1043"
	ada                 = "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"
	bob                 = "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b11"
	grace               = "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b12" // invited
	alan                = "019cc043-b1a2-7d14-8f5c-0a7d3c5e9b13" // invited by the batch
)

// story is a session that sends the examples of the document to a service and records the
// answers. The records have the ids, times and secrets of the examples in place of the
// real ones.
type story struct {
	*service
	operations map[string]*huma.Operation
	named      things            // the examples' ids of the things in paths
	real       map[string]string // the service's ids, by those in the examples
	shown      map[string]string // the ids in the examples, by the service's
	told       []string
	answers    map[string]string // as the service sent them
}

// is records that a thing has one id in the examples and another one in the service.
func (s *story) is(example, real string) { s.real[example], s.shown[real] = real, example }

// tell sends the operation's example and records the answer.
func (s *story) tell(operation, more string, headers ...string) answer {
	s.t.Helper()
	op := s.operations[operation]
	if op == nil {
		s.t.Fatalf("there is no operation %s", operation)
	}
	path, body := s.named.fill(op.Path)+more, bodies[operation]
	for example, real := range s.real {
		path, body = strings.ReplaceAll(path, example, real), strings.ReplaceAll(body, example, real)
	}
	got := s.root(op.Method, path, body, headers...)
	if got.status >= 300 {
		s.t.Fatalf("%s: %d %s", operation, got.status, got.body)
	}
	if len(got.body) > 0 {
		s.told, s.answers[operation] = append(s.told, operation), string(got.body)
	}
	return got
}

var (
	chance = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b`)
	sum256 = regexp.MustCompile(`[0-9a-f]{64}`)
	secret = regexp.MustCompile(`(inv|tot|tkt)_[0-9A-Za-z]{52}`)
	whsec  = regexp.MustCompile(`whsec_[0-9A-Za-z+/]{43}=`)
	took   = regexp.MustCompile(`"latency_ms":\d+`)
	moment = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

// show replaces random ids, times and secrets in an answer by those of the examples.
func (s *story) show(text string) string {
	text = chance.ReplaceAllStringFunc(text, func(id string) string {
		if strings.HasPrefix(id, "019cc043-") || strings.HasPrefix(id, "00000000-") { // an id of the examples or of a built-in role
			return id
		}
		if s.shown[id] == "" {
			s.shown[id] = fmt.Sprintf("019cc043-d5e6-7f80-91a2-b3c4d5e6f0%02x", len(s.shown))
			if len(id) == 26 {
				s.shown[id] = fmt.Sprintf("01KHQ3M6Z8V2N4T7X9B1C3D5%02d", len(s.shown))
			}
		}
		return s.shown[id]
	})
	text = sum256.ReplaceAllString(text, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
	text = whsec.ReplaceAllString(text, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")
	text = took.ReplaceAllString(text, `"latency_ms":42`)
	text = strings.ReplaceAll(text, s.real[exampleHook], exampleHook)
	text = secret.ReplaceAllString(text, "${1}_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1")
	return moment.ReplaceAllStringFunc(text, func(at string) string {
		told, err := time.Parse(time.RFC3339, at)
		since := time.Since(told)
		if err != nil || since.Abs() > 60*24*time.Hour { // a time of an example
			return at
		}
		return time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC).Add(-since.Round(time.Hour)).Format("2006-01-02T15:04:05.000Z")
	})
}

// tellAll sends the example of every operation.
func (s *story) tellAll() {
	s.t.Helper()
	s.is(exampleOrganization, s.tell("create-organization", "", "Idempotency-Key", "acme").get("id"))
	s.named = things{"organization": exampleOrganization, "workspace": exampleWorkspace, "user": bob, "role": exampleRole, "token": exampleToken}
	s.is(exampleWorkspace, s.tell("create-workspace", "").get("id"))
	s.tell("update-organization", "")
	s.tell("get-organization", "")
	s.tell("list-organizations", "")
	s.tell("update-workspace", "")
	s.tell("get-workspace", "")
	s.tell("list-workspaces", "")

	for _, operation := range []string{"put-organization-member", "suspend-organization-member", "reinstate-organization-member", "get-organization-member", "list-organization-members"} {
		s.tell(operation, "")
	}
	s.named["user"] = ada
	s.tell("put-user", "")
	s.tell("get-user", "")
	s.tell("list-users", "")

	s.is(exampleRole, s.tell("create-role", "").get("id"))
	for _, operation := range []string{"update-role", "get-role", "list-roles", "list-permissions"} {
		s.tell(operation, "")
	}

	invited := s.tell("add-member", "")
	s.is(grace, invited.get("user_id"))
	s.named["membership"], s.named["user"] = invited.get("id"), grace
	const invitation = "inv_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"
	s.real[invitation] = s.tell("resend-invitation", "").get("invitation", "token")
	s.tell("accept-invitation", "")
	s.named["user"] = bob
	for _, operation := range []string{"put-member", "update-member", "suspend-member", "reinstate-member"} {
		s.tell(operation, "")
	}
	s.is(alan, s.tell("batch-members", "").get("results", 0, "membership", "user_id"))
	s.named["user"] = alan
	s.tell("accept-member-invitation", "")

	s.tell("get-member-history", "")
	s.tell("diff-workspace", "?from=2001-01-01") // in one page: a cursor has the real time
	s.tell("diff-organization", "?from=2001-01-01")
	s.named["user"] = ada
	for _, operation := range []string{
		"check-access", "batch-check-access", "get-access", "list-access", "list-user-workspaces", "get-member", "list-members", "get-membership",
		"transfer-ownership",
	} {
		s.tell(operation, "")
	}
	s.tell("leave-workspace", "", "Muster-On-Behalf-Of", ada)
	s.named["event"] = s.tell("list-events", "?type=muster.member.*&page_size=2").get("items", 0, "id")
	s.tell("get-event", "")
	s.tell("issue-event-ticket", "")
	s.named["event"] = s.root("GET", "/v1/organizations/"+s.real[exampleOrganization]+"/events?type=muster.workspace.renamed", "").get("items", 0, "id")
	s.tell("revert-event", "", "Muster-Reason", "Renamed by mistake")

	s.is(exampleReview, s.tell("open-review", "").get("id"))
	s.named["review"] = exampleReview
	s.tell("list-review-rows", "") // in one page: a cursor has the real id
	s.tell("decide-review", "", "Muster-On-Behalf-Of", ada)
	for _, operation := range []string{"get-review", "list-reviews", "close-review"} {
		s.tell(operation, "")
	}

	s.tellSubscriptions()
	issued := s.tell("issue-token", "")
	s.is(exampleToken, issued.get("id"))
	s.tell("get-self", "", "Authorization", "Bearer "+issued.get("secret"))
	for _, operation := range []string{"rotate-token", "get-token", "list-tokens", "archive-workspace", "restore-workspace", "get-livez", "get-healthz", "get-readyz"} {
		s.tell(operation, "")
	}
}

// tellSubscriptions sends the examples of the operations on subscriptions, to a receiver that
// takes everything.
func (s *story) tellSubscriptions() {
	s.t.Helper()
	receiver := newReceiver(s.t)
	s.real[exampleHook] = receiver.URL
	open := receiver.hold() // so that the response says that nothing has been delivered
	s.is(exampleSubscription, s.tell("create-subscription", "").get("id"))
	open()
	s.named["subscription"] = exampleSubscription
	delivered := func() {
		path := "/v1/organizations/" + s.real[exampleOrganization] + "/subscriptions/" + s.real[exampleSubscription]
		s.eventually(func() bool { return s.root("GET", path, "").want(200).get("lag") == "0" })
	}
	delivered()
	open = receiver.hold()
	s.tell("rewind-subscription", "")
	open()
	delivered()
	s.tell("update-subscription", "")
	delivered()
	for _, operation := range []string{"get-subscription", "list-subscriptions", "rotate-subscription-secret", "pause-subscription"} {
		s.tell(operation, "")
	}
	skipped := s.root("PUT", "/v1/workspaces/"+s.real[exampleWorkspace]+"/members/"+bob, `{"role":"client"}`)
	s.real[exampleSkipped] = skipped.header.Get("Muster-Position")
	for _, operation := range []string{"skip-event", "resume-subscription", "ping-subscription"} {
		s.tell(operation, "")
	}
	s.tell("list-deliveries", "?page_size=1")
}

// Every operation takes the example of its body, and answers.json has the service's
// answers.
func TestAnswers(t *testing.T) {
	s := &story{
		service: start(t, t.TempDir(), func(o *settings) { o.native.Version = "1.0.0" }), operations: make(map[string]*huma.Operation),
		real: make(map[string]string), shown: make(map[string]string), answers: make(map[string]string),
	}
	for _, op := range s.api.OpenAPI("").Operations() {
		s.operations[op.OperationID] = op
	}
	s.tellAll()
	answers := make(map[string]any)
	for _, operation := range s.told {
		var value any
		if err := json.Unmarshal([]byte(s.show(s.answers[operation])), &value); err != nil {
			t.Fatal(err)
		}
		answers[operation] = value
	}
	got, err := json.Marshal(answers, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("answers.json", append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(got)+"\n" != string(recordedAnswers) {
		t.Errorf("answers.json is not what the service answers: run go generate ./transport/native\n%s", cmp.Diff(string(recordedAnswers), string(got)+"\n"))
	}
}

// Every operation has an example of its body and of its answer.
func TestExamples(t *testing.T) {
	for _, op := range documented(t).Operations() {
		if body := op.RequestBody; body != nil {
			for media, content := range body.Content {
				if content.Example == nil {
					t.Errorf("%s has no example of its body as %s", op.OperationID, media)
				}
			}
		}
		for status, response := range op.Responses {
			for media, content := range response.Content {
				if content.Example == nil {
					t.Errorf("%s has no example of its answer %s as %s", op.OperationID, status, media)
				}
			}
		}
	}
}
