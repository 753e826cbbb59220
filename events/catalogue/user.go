package catalogue

import "github.com/muster-dev/muster/domain"

var users = []row{
	{
		What: "The user's profile in the organization's directory was written.",
		More: "All of the personal data in events is here.",
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
}
