package subscriber

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

const organization = "01a2026d-33e3-75b7-9eb1-2d22381a2b8f"

// eventText returns the text of the event with that number, with an attribute that this
// package does not know.
func eventText(number int) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"%s","source":"/organizations/%s","type":"muster.member.added",`+
		`"subject":"workspaces/w/members/u","time":"2026-11-22T08:44:01.035Z","datacontenttype":"application/json","sequence":"0-%d",`+
		`"organizationid":"%[2]s","workspaceid":"w","userid":"u","authtype":"system","authid":"root","commandid":"c","later":true,`+
		`"schema":1,"data":{"role":"viewer","number":%[3]d}}`, eventID(number), organization, number)
}

func eventID(number int) string { return fmt.Sprintf("01M816TD4BQVYYV1WVJ9%06d", number) }

const pingText = `{"specversion":"1.0","id":"01M816TD4BQVYYV1WVJ9PPPPPP","source":"/organizations/o","type":"muster.subscription.ping","time":"2026-11-22T08:44:01.035Z"}`

func TestEvent(t *testing.T) {
	var e Event
	if err := json.Unmarshal([]byte(eventText(17)), &e); err != nil {
		t.Fatal(err)
	}
	var data struct{ Number int }
	if err := e.Decode(&data); err != nil || data.Number != 17 {
		t.Errorf("%v: %v", data, err)
	}
	if e.ID != eventID(17) || e.Type != "muster.member.added" || e.Position != (Position{0, 17}) || e.OrganizationID != organization ||
		e.UserID != "u" || e.Schema != 1 || !e.Time.Equal(time.Date(2026, 11, 22, 8, 44, 1, 35e6, time.UTC)) {
		t.Errorf("%+v", e)
	}
	if string(e.Raw) != eventText(17) {
		t.Errorf("raw is %s", e.Raw)
	}
	if err := json.Unmarshal([]byte(pingText), &e); err != nil || !e.Position.IsZero() || e.Data != nil || e.UserID != "" {
		t.Errorf("a ping is %+v, %v", e, err)
	}
	if err := e.Decode(&data); err == nil {
		t.Error("a ping has data")
	}
}

func TestEventRefused(t *testing.T) {
	for _, change := range [][2]string{
		{`"specversion":"1.0"`, `"specversion":"2.0"`},
		{`"specversion":"1.0",`, ``},
		{`"id":"` + eventID(17) + `"`, `"id":""`},
		{`"type":"muster.member.added",`, ``},
		{`"sequence":"0-17",`, ``},
		{`"sequence":"0-17"`, `"sequence":"17"`},
		{`"schema":1`, `"schema":"1"`},
	} {
		text := strings.Replace(eventText(17), change[0], change[1], 1)
		if text == eventText(17) {
			t.Fatalf("%s is not in the event", change[0])
		}
		if err := json.Unmarshal([]byte(text), new(Event)); err == nil {
			t.Errorf("an event with %q for %q is taken", change[1], change[0])
		}
	}
}
