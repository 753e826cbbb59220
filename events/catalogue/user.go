package catalogue

import "github.com/muster-dev/muster/domain"

var users = []row{
	{
		What: "The user's profile in the organization's directory was written.",
		More: "All of the personal data in events is here. Once the person was erased, data is {\"profile\":null,\"erased\":true}. Subscribers on NATS get what the log stores, in which the profile is sealed: {\"profile\":{\"sealed\":\"BASE64\",\"key\":\"UUID\"}}.",
		Text: map[string]string{
			"profile":            "The whole profile as it is now.",
			"profile.email":      "The e-mail address.",
			"profile.name":       "The name, as the person writes it.",
			"profile.name.first": "The first name. It can be empty.",
			"profile.name.last":  "The last name. It can be empty.",
			"profile.avatar_url": "The address of a picture. Absent if there is none.",
		},
		Examples: []domain.Event{domain.UserProfileSet{About: grace, Profile: domain.ProfileFacts{
			Email: "grace@acme.example", Name: domain.PersonName{First: "Grace", Last: "Hopper"},
		}}},
	},
	{
		What:     "The erasure of the user's profile was asked for.",
		More:     "From now on the profile reads as erased, in all events before this one too. Forget what you have of the person.",
		Text:     map[string]string{"key": "The key that sealed the user's profiles in the log. It is about to be destroyed."},
		Examples: []domain.Event{domain.UserErasureRequested{About: grace, Key: id("5f0c2a4e-2d1b-4c39-9d6e-8a7b1c3d5e4f")}},
	},
	{
		What:     "The user's profile was erased.",
		More:     "The key that sealed it is destroyed, so nobody can read it any more, in no copy of the log.",
		Text:     map[string]string{"key": "The key that was destroyed."},
		Examples: []domain.Event{domain.UserErased{About: grace, Key: id("5f0c2a4e-2d1b-4c39-9d6e-8a7b1c3d5e4f")}},
	},
}
