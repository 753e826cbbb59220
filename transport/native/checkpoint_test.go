package native

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/proof"
)

// TestProofExamples checks what the document shows.
func TestProofExamples(t *testing.T) {
	v, err := proof.ParseVerifier(exampleVerifiers)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := v.Check([]byte(exampleStored), []byte(exampleProof)); err != nil || p.Checkpoint.N != 6 || p.Position.String() != "3-5" {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestCheckpoints takes key and checkpoints without a token, and checks a proof with them.
func TestCheckpoints(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	keys := s.as("", "GET", "/v1/checkpoints/key", "").want(200)
	v, err := proof.ParseVerifier(string(keys.body))
	if err != nil {
		t.Fatal(err)
	}
	if got := keys.header.Get("Cache-Control") + " " + keys.header.Get("Content-Type"); got != "public, max-age=3600 text/plain; charset=utf-8" {
		t.Error(got)
	}
	s.as("", "GET", "/v1/checkpoints/key", "", "If-None-Match", keys.header.Get("ETag")).want(304)

	list := s.as("", "GET", "/v1/checkpoints", "").want(200)
	if list.count() != s.log.Partitions() || list.header.Get("Cache-Control") != "public, no-cache" {
		t.Errorf("%v: %s", list.header, list.body)
	}
	s.as("", "GET", "/v1/checkpoints", "", "If-None-Match", list.header.Get("ETag")).want(304)
	partition := s.log.Partition(x.organization(t))
	query := "/v1/checkpoints?partition=" + string(rune('0'+partition))
	single := s.as("", "GET", query, "").want(200)
	c, err := v.Open(single.body)
	if err != nil || c.Partition != partition || list.get("items", partition, "checkpoint") != string(single.body) {
		t.Errorf("%+v, %v: %s", c, err, list.body)
	}
	if tip, err := s.log.Tip(t.Context(), partition); err != nil || tip.Number != uint64(c.N) {
		t.Errorf("the checkpoint has %d events of %v, %v", c.N, tip, err)
	}
	s.as("", "GET", query, "", "If-None-Match", single.header.Get("ETag")).want(304)
	other := s.as("", "GET", query, "", "Accept", "application/json", "If-None-Match", single.header.Get("ETag")).want(200) // another form
	if other.count() != 1 || other.get("items", 0, "checkpoint") != string(single.body) {
		t.Errorf("%s", other.body)
	}
	for _, bad := range []string{"", "x", "-1", "01024", "9999", "99999999999999999999"} {
		s.as("", "GET", "/v1/checkpoints?partition="+bad, "").want(422)
	}
	if s.log.Partitions() > 1 {
		s.as("", "GET", "/v1/checkpoints", "", "Accept", "text/plain").want(422, "invalid_value")
	}

	s.as(x.token, "PATCH", "/v1/workspaces/"+x.ws+"/members/"+x.member, `{"role":"viewer"}`).want(200)
	events := "/v1/organizations/" + x.org + "/events"
	all := s.as(x.token, "GET", events+"?page_size=200", "").want(200)
	newer := s.as("", "GET", query, "", "If-None-Match", single.header.Get("ETag")).want(200)
	if later, err := v.Open(newer.body); err != nil || later.N != c.N+1 {
		t.Errorf("%+v, %v", later, err)
	}
	for i := range all.count() {
		path := events + "/" + all.get("items", i, "id") + "/proof"
		shown := s.as(x.token, "GET", path, "").want(200)
		stored, err := base64.StdEncoding.DecodeString(shown.get("event"))
		if err != nil {
			t.Fatal(err)
		}
		text := s.as(x.token, "GET", path, "", "Accept", "text/plain").want(200)
		p, err := v.Check(stored, text.body)
		if err != nil || p.Position.String() != all.get("items", i, "sequence") || shown.get("tlog_proof") != string(text.body) || shown.get("position") != p.Position.String() {
			t.Errorf("%v: %s", err, shown.body)
		}
		if !strings.HasSuffix(string(text.body), shown.get("checkpoint")) {
			t.Errorf("%s", shown.body)
		}
		s.as(x.token, "GET", path, "", "If-None-Match", shown.header.Get("ETag")).want(304)
	}
	s.as(x.token, "GET", events+"/01KHQ3M6Z8V2N4T7X9B1C3D5F7/proof", "").want(404, "not_found")
	s.as(x.token, "GET", events+"/x/proof", "").want(422, "invalid_id")
	s.as("", "GET", events+"/01KHQ3M6Z8V2N4T7X9B1C3D5F7/proof", "").want(401)
}
