package roster

import (
	"strings"
	"testing"
)

// What is wrong with a line is said with the field and what is expected.
func TestWrongLines(t *testing.T) {
	const id = "019cc043-af91-783e-9927-3daab1cd9277"
	for _, c := range []struct{ says, file, want string }{
		{"no one", "email,role\n,viewer\n", "2 unreadable : an e-mail address or a user id is expected"},
		{"no UUID", "user_id\nU059H0Z4PH6\n", `2 unreadable : user_id: "U059H0Z4PH6" is not a UUID: 36 characters like`},
		{"the nil UUID", "user_id\n00000000-0000-0000-0000-000000000000\n", "2 unreadable : user_id: the nil UUID is nobody's id"},
		{"the zero time", "email,expires_at\na@x.example,0001-01-01\n", "2 unreadable a@x.example: expires_at: the time 0001-01-01T00:00:00Z is not taken"},
		{"no time", "email,expires_at\na@x.example,tomorrow\n", "2 unreadable a@x.example: expires_at: a time like 2026-03-05T23:09:47Z is expected, or a day like 2026-03-05"},
		{"two things", "user_id,expires_at\nx,y\n", "2 unreadable : user_id: \"x\" is not a UUID: 36 characters like 019cc043-af91-783e-9927-3daab1cd9277 are expected; expires_at: a time"},
		{"no permissions and some", "email,permissions\na@x.example,none a.b\n", `2 unreadable a@x.example: permissions: "none" is expected alone`},
		{"an unknown state", "email,state\na@x.example,asleep\n", `2 unreadable a@x.example: state: active, invited or suspended is expected, not "asleep"`},
		{"removed", "user_id,state\n" + id + ",removed\n", "2 unreadable " + id + `: state: active, invited or suspended is expected, not "removed"`},
		{"active without an id", "email,state\na@x.example,active\n", "2 unreadable a@x.example: user_id: an id is expected for a member who is active"},
		{"suspended without an id", "email,state\na@x.example,Suspended\n", "2 unreadable a@x.example: user_id: an id is expected for a member who is suspended"},
		{"invited without an address", "user_id,state\n" + id + ",invited\n", "2 unreadable " + id + ": email: an address is expected for an invited person"},
		{"a status", "email,status\na@x.example,SUSPENDED\n", `2 account_not_active a@x.example: status: "SUSPENDED" is not the status of an account in use: one of these is expected: active, enabled,`},
		{"a row in a column that is left out", "email,notes\na@x.example,\"good\nb@x.example,fine\"\nc@x.example,\n", "2 unreadable : the value in column 2 has a line break\n3 unreadable : the value in column 2 has a line break\n4 \"email\":\"c@x.example\"}"},
		{"notes on two lines in a column that is left out", "email,notes\na@x.example,\"good\nfine\"\n", "2 \"email\":\"a@x.example\"}"},
		{"a line break", "email,first_name\na@x.example,\"A\nB\"\n", "2 unreadable a@x.example: first_name: one line of text is expected, and the value has a line break: is a quotation mark missing?\n3 unreadable : first_name: one line"},

		{"a text", `"a@x.example"`, "1 unreadable : the line is not a valid JSON object, such as"},
		{"no JSON", `a@x.example,viewer`, "1 unreadable : the line is not a valid JSON object, such as"},
		{"half an object", `{"email":"a@x.example"`, "1 unreadable a@x.example: the line is not a valid JSON object, such as"},
		{"half a character", `{"email":"\ud83d"}`, "1 unreadable : the line is not a valid JSON object, such as"},
		{"two objects", `{"email":"a@x.example"}{"email":"b@x.example"}`, "1 unreadable a@x.example: one JSON object per line is expected, and more follows the first one"},
		{"an object and a comma", `{"email":"a@x.example"},`, "1 unreadable a@x.example: one JSON object per line is expected, and more follows the first one"},
		{"an array", `[{"email":"a@x.example"}]`, "1 unreadable : one JSON object per line is expected, and not an array"},
		{"a key twice", `{"email":"a@x.example","role":"viewer","role":"owner"}`, `1 unreadable a@x.example: the key "role" appears twice`},
		{"a key twice inside", `{"email":"a@x.example","name":{"first":"A","first":"B"}}`, `1 unreadable a@x.example: the key "name.first" appears twice`},
		{"a key in another case", `{"email":"a@x.example","ROLE":"owner"}`, `1 unreadable a@x.example: the key "ROLE" is expected to be written "role"`},
		{"a key in two cases", `{"email":"a@x.example","role":"viewer","Role":"owner"}`, `1 unreadable a@x.example: the key "Role" is expected to be written "role"`},
		{"a key in another case inside", `{"email":"a@x.example","name":{"First":"A"}}`, `1 unreadable a@x.example: the key "name.First" is unknown: name has first and last`},
		{"an unknown key", `{"email":"a@x.example","colour":"red"}`, `1 unreadable a@x.example: the key "colour" is not known: leave such keys out with --ignore-unknown`},
		{"an op", `{"op":"remove","user_id":"` + id + `"}`, "1 unreadable " + id + `: the key "op" is not known`},
		{"a number", `{"email":5}`, "1 unreadable : email: a text in quotation marks is expected"},
		{"an empty text", `{"email":"","user_id":"` + id + `"}`, "1 unreadable " + id + ": email: a text that is not empty is expected; leave the key out if there is none"},
		{"a name that is a text", `{"email":"a@x.example","name":5}`, `1 unreadable a@x.example: name: an object like {"first": "Ada", "last": "Byron"} is expected`},
		{"half a name that is a number", `{"email":"a@x.example","name":{"first":5}}`, "1 unreadable a@x.example: name.first: a text in quotation marks is expected"},
		{"permissions that are a text", `{"email":"a@x.example","permissions":"none"}`, `1 unreadable a@x.example: permissions: a list like ["workspace.view"], [] for none, or null for those of the role is expected`},
		{"a permission that is a number", `{"email":"a@x.example","permissions":[5]}`, "1 unreadable a@x.example: permissions: a list like"},
		{"text that is not UTF-8", "{\"email\":\"a\xe9@x.example\"}", "1 unreadable : the line is not valid UTF-8"},
		{"an empty cell of a name", "email,first_name,last_name\na@x.example,,Byron\n", `2 "email":"a@x.example","name":"last":"Byron"}}`},
		{"half a name", `{"email":"a@x.example","name":{"first":"A"}}`, `1 "email":"a@x.example","name":"first":"A"}}`},
		{"half a name that is null", `{"email":"a@x.example","name":{"first":null,"last":"B"}}`, `1 "email":"a@x.example","name":"last":"B"}}`},
		{"half a name that is empty", `{"email":"a@x.example","name":{"first":""}}`, `1 "email":"a@x.example","name":"first":""}}`},
		{"a name that says nothing", `{"email":"a@x.example","name":{}}`, `1 "email":"a@x.example"}`},
		{"a zero byte", "{\"email\":\"a\x00@x.example\"}\n{\"email\":\"b@x.example\"}", "1 unreadable : the line has a zero byte, which text does not have\n2 \"email\":\"b@x.example\"}"},
		{"null", `{"email":"a@x.example","user_id":null,"permissions":null,"expires_at":null,"name":null}`, `1 "email":"a@x.example"}`},
		{"everything", `{"user_id":"` + id + `","email":"a@x.example","name":{"first":"A","last":""},"avatar_url":"https://x.example/a","role":"viewer","permissions":[],"expires_at":"2100-01-01","state":"suspended"}`, `1 "user_id":"` + id + `","email":"a@x.example","name":"first":"A","last":""},"avatar_url":"https://x.example/a","role":"viewer","permissions":[],"expires_at":"2100-01-01T00:00:00.000Z","suspended":true}`},
	} {
		s := source{mapping: mapping{given: map[string]string{"notes": fieldIgnored}}}
		if c.file[0] != 'e' && c.file[0] != 'u' {
			s.format = "jsonl"
		}
		_, got, err := read(&s, strings.NewReader(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.says, err)
			continue
		}
		t.Run(c.says, func(t *testing.T) { compare(t, got, strings.Split(c.want, "\n")) })
	}
}

// A line that is longer than a line can be ends the reading, and that is said.
func TestLongLine(t *testing.T) {
	s := source{format: "jsonl"}
	_, got, err := read(&s, strings.NewReader("{\"email\":\"a@x.example\"}\n{\"email\":\""+strings.Repeat("a", 1<<20)+"\"}\n"))
	if len(got) != 1 || err == nil || !strings.HasPrefix(err.Error(), "line 2 is longer than a megabyte") {
		t.Errorf("%v, %v", got, err)
	}
}

// Two keys of an object that are the same field are refused, and both are named.
func TestTwoKeysForOneField(t *testing.T) {
	for _, c := range []struct{ maps, line, want string }{
		{"Work e-mail=email", `{"Work e-mail":"a@x.example","work_e_mail":"b@x.example"}`, `1 unreadable a@x.example: the keys "Work e-mail" and "work_e_mail" are both the field email: one of them`},
		{"Work e-mail=email", `{"Work e-mail":"a@x.example","email":"b@x.example"}`, `1 unreadable a@x.example: the keys "Work e-mail" and "email" are both the field email: say which one is not, as in --map "email=ignore"`},
		{"a=role|b=role", `{"email":"a@x.example","a":"viewer","b":"owner"}`, `1 unreadable a@x.example: the keys "a" and "b" are both the field role`},
		{"Work e-mail=email|email=ignore", `{"Work e-mail":"a@x.example","email":"b@x.example"}`, `1 "email":"a@x.example"}`},
		{"Work e-mail=email", `{"Work e-mail":"a@x.example","email":null}`, `1 "email":"a@x.example"}`},
	} {
		s := source{format: "jsonl"}
		for m := range strings.SplitSeq(c.maps, "|") {
			if err := s.mapping.set(m); err != nil {
				t.Fatal(err)
			}
		}
		_, got, err := read(&s, strings.NewReader(c.line))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, []string{c.want})
	}
}
