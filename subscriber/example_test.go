package subscriber_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/muster-dev/muster/subscriber"
)

func ExampleClient_Events() {
	ctx := context.Background()
	client := subscriber.New("https://muster.acme.example", os.Getenv("MUSTER_TOKEN"))
	position, err := subscriber.ParsePosition("0-1042") // of the last event that was handled
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range client.Events(ctx, subscriber.After(position), subscriber.Types("muster.member.*")) {
		if problem := (*subscriber.Problem)(nil); errors.As(err, &problem) && problem.Code == "invalid_token" {
			log.Fatal("the token was revoked or has expired")
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Position, event.Type, event.UserID)
	}
}

func ExampleWebhook_Handler() {
	webhook, err := subscriber.NewWebhook(os.Getenv("MUSTER_WEBHOOK_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/muster", webhook.Handler(func(_ context.Context, event subscriber.Event) error {
		fmt.Println(event.Position, event.Type, event.UserID)
		return nil // or an error, and Muster sends the event again
	}))
	log.Fatal(http.ListenAndServe(":8000", nil))
}

// Verify is for programs with a handler of their own. The body has to be the bytes that were
// received.
func ExampleWebhook_Verify() {
	webhook, err := subscriber.NewWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")
	if err != nil {
		log.Fatal(err)
	}
	body := `{"specversion":"1.0"}`
	request := httptest.NewRequest(http.MethodPost, "/muster", strings.NewReader(body))
	request.Header.Set("Webhook-Id", "01M816TD4BQVYYV1WVJ9S4T3MX")
	request.Header.Set("Webhook-Timestamp", "1700000000")
	request.Header.Set("Webhook-Signature", "v1,Y2FuIG5vdCBiZSByaWdodAAAAAAAAAAAAAAAAAAAAAA=")
	_, err = webhook.Verify(request.Header, []byte(body))
	fmt.Println(errors.Is(err, subscriber.ErrSignature), err)
	// Output: true not verified: the time of the signature is more than five minutes away: compare the clocks of both sides
}

func ExampleEvent_Decode() {
	var event subscriber.Event
	if err := event.UnmarshalJSON([]byte(`{"specversion":"1.0","id":"01M816TD4BQVYYV1WVJ9S4T3MX","source":"/organizations/o",
		"type":"muster.member.role_changed","sequence":"0-70","data":{"role":{"from":"viewer","to":"editor"}}}`)); err != nil {
		log.Fatal(err)
	}
	var data struct {
		Role struct{ From, To string }
	}
	if err := event.Decode(&data); err != nil {
		log.Fatal(err)
	}
	fmt.Println(data.Role.From, "→", data.Role.To)
	// Output: viewer → editor
}
