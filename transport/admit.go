package transport

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport/auth"
)

// noStore is the Cache-Control value of every answer to a request with a token. It is
// shared to save an allocation.
var noStore = []string{"no-store"}

// admit checks the request against the declaration of its operation. The order of the
// checks decides which problem a client sees first: the token, its rate, its scope and
// reach, the names of the parameters, the media type of the body. Values of parameters
// come after them, and after a body that cannot be read.
//
// The values of parameters are set in the input, a pointer to a struct.
func (c *Call) admit(in any) error {
	if c.route.reach == ReachPublic {
		if !c.route.takesBody() && len(c.route.parameters) == 0 {
			return nil
		}
		c.w.Header()["Cache-Control"] = noStore
	} else if err := c.admitBearer(); err != nil {
		return err
	}
	var unreadable []FieldProblem
	c.query, unreadable = parseQuery(c.r.URL.RawQuery)
	if err := checkNames(c.query, unreadable, c.route.parameters); err != nil {
		return err
	}
	if err := c.refuseUnexpected(); err != nil {
		return err
	}
	wrong := readValues(c.r, c.query, c.route.parameters, reflect.ValueOf(in).Elem())
	if !c.route.takesBody() {
		if wrong == nil && c.r.ContentLength != 0 {
			return c.checkNoBody()
		}
		return wrong
	}
	c.wrong = wrong // told once the body has arrived
	return c.checkMediaType()
}

// admitBearer admits the request by its token, or by a ticket where one is taken.
func (c *Call) admitBearer() error {
	c.w.Header()["Cache-Control"] = noStore
	if c.route.ticket {
		if err := c.takeTicket(); err != nil {
			return err
		}
	}
	return c.admitToken()
}

func (c *Call) admitToken() error {
	who, err := c.authenticate()
	if errors.Is(err, auth.ErrInvalidToken) && c.route.reads {
		who, err = c.recogniseLater(err)
	}
	if err != nil {
		return err
	}
	c.bearer = who
	allowance, err := c.engine.rates.Admit(who.Identity, c.Now())
	writeAllowance(c.w.Header(), allowance)
	if err != nil {
		return err
	}
	if err := c.permit(who); err != nil || !c.route.reads {
		return err
	}
	if err := c.catchUp(); err != nil {
		return err
	}
	return c.mayRead(who)
}

// catchUp waits until the read models show what this node has acknowledged in the
// organization that the query is about. It usually need not wait. If it has waited, the
// token may have ended meanwhile.
func (c *Call) catchUp() error {
	org := c.Organization()
	if c.Log().Shown(events.AllEvents, org) {
		return nil
	}
	if org.IsZero() {
		org = c.named()
	}
	if err := c.awaitShown(events.AllEvents, org); err != nil {
		return err
	}
	c.checked = time.Now()
	_, err := c.authenticate()
	return err
}

// named returns the organization that the path is about. It is zero if the path does not
// tell.
func (c *Call) named() (org domain.OrganizationID) {
	if org.UnmarshalText([]byte(c.r.PathValue("organization"))) == nil {
		return org
	}
	var ws domain.WorkspaceID
	if ws.UnmarshalText([]byte(c.r.PathValue("workspace"))) != nil {
		return domain.OrganizationID{}
	}
	found, _ := c.Models().FindWorkspace(ws)
	return found.Organization
}

// refuseUnexpected refuses a header that would bound what the request does, if the operation
// does not take it: the request would do more than the client asked for.
func (c *Call) refuseUnexpected() error {
	for _, name := range c.route.unexpected {
		if len(c.r.Header[name]) > 0 {
			detail := "this operation does not take the header, and would not do what it says; leave it out"
			if c.route.reads {
				detail = "only writes with a token take this header; a read always shows what the token itself may read"
			}
			return InvalidField("header."+name, CodeUnexpectedHeader, detail)
		}
	}
	return nil
}

// checkNoBody refuses a body of an operation that takes none. An empty object says nothing,
// and some clients always send one.
func (c *Call) checkNoBody() error {
	connection := http.NewResponseController(c.w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyReadTimeout))
	const enough = 64
	sent, err := io.ReadAll(io.LimitReader(c.r.Body, enough))
	_ = connection.SetReadDeadline(time.Time{}) // the request can be a stream
	if err != nil {
		return bodyUnreadable.Problem("the body broke off, or its framing is wrong")
	}
	if text := bytes.TrimSpace(sent); len(text) > 0 && string(text) != "{}" {
		return InvalidField("", CodeUnexpectedBody, "this operation takes no body, and would not do what it says; leave it out")
	}
	return nil
}

// authenticate finds out who sends the request.
func (c *Call) authenticate() (*auth.Bearer, error) {
	if len(c.r.Header["Authorization"]) > 1 {
		return nil, invalidToken.Problem("Authorization is sent more than once; send one token").with("WWW-Authenticate", "Bearer")
	}
	return c.engine.auth.Authenticate(c, c.authorization())
}

// authorization returns the value of the Authorization header in the native form, or the one
// that the request's ticket stands for.
func (c *Call) authorization() string {
	if c.ticketed != "" {
		return c.ticketed
	}
	return c.route.face.authorization(c.r.Header.Get("Authorization"))
}

// permit checks that the token has what the operation declares. Whether its user may read
// is another question: see [Call.mayRead].
func (c *Call) permit(who *auth.Bearer) error {
	switch scope := c.route.scope; {
	case scope == RootScope && !who.IsRoot():
		return insufficientScope.Problem("only the root token may do this")
	case scope != RootScope && scope != AnyScope && !who.Allows(scope):
		return LacksScope(scope, "")
	}
	return c.route.reach.check(who.Workspace())
}

// mayRead checks that the token's user may read in the organization now. A token whose user
// is suspended may still ask what it is. It learns nothing of the organization or of a
// workspace.
func (c *Call) mayRead(who *auth.Bearer) error {
	if c.route.reach == ReachToken {
		return nil
	}
	return c.engine.auth.MayRead(who)
}

// LacksScope returns the problem of a token that does not have the scope. The parameter
// what ends the detail, for example " for an operation of the batch". It is empty if the
// whole operation needs the scope.
func LacksScope(scope domain.Scope, what string) *Problem {
	return insufficientScope.Problem("the token needs the scope " + string(scope) + what)
}

func (c *Call) checkMediaType() error {
	body := c.route.operation.RequestBody
	if encodings, ok := c.r.Header["Content-Encoding"]; ok && (len(encodings) != 1 || !strings.EqualFold(encodings[0], "identity")) {
		return mediaType.Problem("Content-Encoding: bodies are not decompressed; send the body as it is, without this header").
			with("Accept-Encoding", "identity")
	}
	types, ok := c.r.Header["Content-Type"]
	if !ok {
		return nil
	}
	if len(types) == 1 {
		if body.Content[types[0]] != nil {
			return nil
		}
		if media, _, err := mime.ParseMediaType(types[0]); err == nil && takes(body, media) {
			return nil
		}
	}
	if body.Content[mergePatchType] != nil {
		return mediaType.Problem("Content-Type: application/merge-patch+json or application/json is expected").
			with("Accept-Patch", "application/merge-patch+json, application/json")
	}
	return mediaType.Problem("Content-Type: " + strings.Join(slices.Sorted(maps.Keys(body.Content)), " or ") + " is expected")
}

const mergePatchType = "application/merge-patch+json"

// takes reports whether the operation takes a body of the media type, either by its full
// name or by the suffix +json.
func takes(body *huma.RequestBody, media string) bool {
	if body.Content[media] != nil {
		return true
	}
	subtype, ok := strings.CutPrefix(media, "application/")
	return ok && strings.HasSuffix(subtype, "+json") && body.Content["application/*+json"] != nil
}
