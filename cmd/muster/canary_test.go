package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/personal"
)

// canary is a person whose profile has a word that is nowhere else. The word has only small
// letters and digits, so it is the same where a profile is folded for searches.
type canary struct {
	user, word string
	first      string // the position of the first profile
	before     string // a position at which the profile was there
}

func newCanary() canary {
	user := uuid.New()
	return canary{user: user.String(), word: fmt.Sprintf("qanary%xyz", user[:6])}
}

// profile has the word everywhere, and is longer with padding.
func (c canary) profile(padding int) string {
	return fmt.Sprintf(`{"email":"%[1]s@example.com","name":{"first":"ada%[1]s","last":"last%[1]s"},"avatar_url":"https://example.com/%[1]s/%[2]s"}`,
		c.word, strings.Repeat("x", padding))
}

func (c canary) path(s site) string { return "/v1/organizations/" + s.org + "/users/" + c.user }

// enter gives the person a profile in several versions, and a past in the workspace.
func (c *canary) enter(api apiClient, s site) {
	api.t.Helper()
	c.first = api.must(200, "PUT", c.path(s), c.profile(0), "Idempotency-Key", c.word).header.Get("Muster-Position")
	api.must(200, "PUT", c.path(s), c.profile(700))
	api.must(201, "POST", s.members(), editor(c.user))
	c.before = api.must(200, "PUT", c.path(s), c.profile(30)).header.Get("Muster-Position")
	api.must(204, "DELETE", s.members()+"/"+c.user, "")
	for _, path := range c.reads(s) {
		if r := api.must(200, "GET", path, ""); !bytes.Contains(r.body, []byte(c.word)) {
			api.t.Fatalf("%s does not have %s before the erasure: %s", path, c.word, r.body)
		}
	}
}

// reads are the paths of what shows the profile until it is erased.
func (c canary) reads(s site) []string {
	org, then := "/v1/organizations/"+s.org, "as_of="+c.before
	return []string{
		c.path(s) + "?" + then, org + "/users?q=" + c.word + "&" + then,
		s.members() + "/" + c.user + "?" + then, s.members() + "?q=" + c.word + "&" + then,
		org + "/reports/who-had-access?" + then, c.path(s), org + "/users?q=" + c.word,
		s.events() + "?user_id=" + c.user + "&after=" + c.first,
	}
}

// erase erases the person, and returns once nobody can read the profile any more.
func (c canary) erase(api apiClient, s site) {
	api.t.Helper()
	c.asked(api, s)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		r, err := api.do("POST", c.path(s)+"/erase", "")
		if err == nil && r.status == 200 && r.field(api.t, "state") == "erased" {
			return
		}
		if time.Now().After(deadline) {
			api.t.Fatalf("it is not erased: %v: %s", err, r.body)
		}
	}
}

// asked asks for the erasure. From the response on nothing shows the profile.
func (c canary) asked(api apiClient, s site) (position string) {
	api.t.Helper()
	r, err := api.do("POST", c.path(s)+"/erase", "", "Muster-Reason", "asked to")
	if err != nil || r.status != 202 && r.status != 200 {
		api.t.Fatalf("erasing: %v: %d: %s", err, r.status, r.body)
	}
	position = r.header.Get("Muster-Position")
	c.unshown(api, s, position)
	return position
}

// unshown demands that nothing that can be read has the word, also not the same request again.
func (c canary) unshown(api apiClient, s site, position string) {
	api.t.Helper()
	org, member := "/v1/organizations/"+s.org, s.members()+"/"+c.user
	for _, path := range append(c.reads(s),
		member+"/history", org+"/users?page_size=200&order_by=-email&as_of="+c.before, org+"/diff?from=2001-01-01&to="+c.before, org+"/reports/who-had-access?format=html&as_of="+c.before) {
		r, err := api.do("GET", path, "", needs(position)...)
		for deadline := time.Now().Add(patience); err == nil && r.status == 503 && time.Now().Before(deadline); r, err = api.do("GET", path, "", needs(position)...) {
			time.Sleep(20 * time.Millisecond) // the history is being made
		}
		c.absent(api.t, path, r, err)
	}
	r, err := api.do("PUT", c.path(s), c.profile(0), append(needs(position), "Idempotency-Key", c.word)...)
	c.absent(api.t, "the same request", r, err)
}

func (c canary) absent(t testing.TB, what string, r reply, err error) {
	t.Helper()
	if err != nil || r.status >= 500 || bytes.Contains(r.body, []byte(c.word)) {
		t.Errorf("after the erasure %s is %v %d: %s", what, err, r.status, r.body)
	}
}

// tombstones demands that of the person's events none has the profile, and those that had one say
// that it was erased. It returns how many those are.
func (c canary) tombstones(t testing.TB, events []string) (count int) {
	t.Helper()
	for _, text := range events {
		if strings.Contains(text, c.word) {
			t.Errorf("after the erasure an event is %s", text)
		}
		var e struct {
			Type, UserID string
			Data         struct {
				Profile any
				Erased  bool
			}
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		if e.UserID == c.user && e.Type == "muster.user.profile_set" {
			if count++; !e.Data.Erased || e.Data.Profile != nil {
				t.Errorf("after the erasure an event is %s", text)
			}
		}
	}
	if count == 0 {
		t.Errorf("there is no event with the profile of %s", c.user)
	}
	return count
}

// secretsIn returns the keys of everybody that are in a data directory, by their ids.
func secretsIn(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	secrets := make(map[string][]byte)
	if _, err := personal.EachRunning(t.Context(), dir, func(c personal.Copy) error {
		secrets[c.ID.String()] = c.Secret
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return secrets
}

// trace finds where the words are in the files of the directories, byte by byte. The files
// may be written meanwhile.
func trace(t testing.TB, words [][]byte, dirs ...string) (places []string) {
	t.Helper()
	files := 0
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.Type().IsRegular() {
				return nil
			}
			var content []byte
			if err == nil {
				content, err = os.ReadFile(path)
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			files++
			for _, word := range words {
				if at := bytes.Index(content, word); at >= 0 {
					places = append(places, fmt.Sprintf("%s has %q at byte %d", path, word, at))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 3*len(dirs) {
		t.Fatalf("only %d files were found", files)
	}
	return places
}

// traced demands that the words of the canaries are in the files, so that searching can fail.
func traced(t testing.TB, canaries []canary, dirs ...string) {
	t.Helper()
	for _, c := range canaries {
		if trace(t, [][]byte{[]byte(c.word)}, dirs...) == nil {
			t.Errorf("%s is in no file before the erasure", c.word)
		}
	}
}

// untraced demands that the words of the canaries are in no file.
func untraced(t testing.TB, when string, canaries []canary, dirs ...string) {
	t.Helper()
	var words [][]byte
	for _, c := range canaries {
		words = append(words, []byte(c.word))
	}
	for _, place := range trace(t, words, dirs...) {
		t.Errorf("%s: %s", when, place)
	}
}

// keyOf returns the key that was destroyed, which an event names.
func (c canary) keyOf(api apiClient, s site) string {
	api.t.Helper()
	var page struct {
		Items []struct{ Data struct{ Key string } }
	}
	r := api.must(200, "GET", s.events()+"?user_id="+c.user+"&after="+c.before+"&type="+url.QueryEscape("muster.user.erasure_requested"), "")
	if err := json.Unmarshal(r.body, &page); err != nil || len(page.Items) != 1 || page.Items[0].Data.Key == "" {
		api.t.Fatalf("%v: %s", err, r.body)
	}
	return page.Items[0].Data.Key
}
