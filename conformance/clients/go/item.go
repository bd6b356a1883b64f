package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/external"
	"github.com/microsoftgraph/msgraph-sdk-go/models/externalconnectors"
)

func identity(id string) externalconnectors.Identityable {
	said := externalconnectors.NewIdentity()
	said.SetId(&id)
	said.SetTypeEscaped(to(externalconnectors.USER_IDENTITYTYPE))
	return said
}

func entry(kind externalconnectors.AclType, who string, access externalconnectors.AccessType) externalconnectors.Aclable {
	said := externalconnectors.NewAcl()
	said.SetTypeEscaped(&kind)
	said.SetValue(&who)
	said.SetAccessType(&access)
	return said
}

var everyone = entry(externalconnectors.EVERYONE_ACLTYPE, "everyone", externalconnectors.GRANT_ACCESSTYPE)

// item says an item; without a text it has no content.
func item(title, text string, more map[string]any, acl ...externalconnectors.Aclable) externalconnectors.ExternalItemable {
	said := externalconnectors.NewExternalItem()
	// The SDK leaves out a list that is nil, and sends an empty one.
	said.SetAcl(append([]externalconnectors.Aclable{}, acl...))
	values := map[string]any{"title": title}
	maps.Copy(values, more)
	bag := externalconnectors.NewProperties()
	bag.SetAdditionalData(values)
	said.SetProperties(bag)
	if text != "" {
		content := externalconnectors.NewExternalItemContent()
		content.SetTypeEscaped(to(externalconnectors.TEXT_EXTERNALITEMCONTENTTYPE))
		content.SetValue(&text)
		said.SetContent(content)
	}
	return said
}

// rich are the properties of an item that has them all.
func rich() map[string]any {
	moment := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return map[string]any{
		"url": "https://contoso.test/wiki/rich", "excerpt": "counted birds", "changed": moment, "priority": int64(3),
		"score": 1.5, "published": true,
		"tags@odata.type": "Collection(String)", "tags": []string{"birds", "coast"},
		"sizes@odata.type": "Collection(Int64)", "sizes": []int64{2, 3},
		"weights@odata.type": "Collection(Double)", "weights": []float64{0.5, 2.25},
		"visits@odata.type": "Collection(DateTimeOffset)", "visits": []time.Time{moment},
	}
}

// shows tells whether an item's properties are as said, compared as JSON: the SDK reads numbers as it likes.
func shows(kept map[string]any, said map[string]any) bool {
	for name, one := range said {
		if strings.Contains(name, "@") {
			continue
		}
		wanted, _ := json.Marshal(one)
		found, _ := json.Marshal(kept[name])
		if string(wanted) != string(found) {
			fmt.Printf("      %s is %s instead of %s\n", name, found, wanted)
			return false
		}
	}
	return true
}

const birdsText = "Saltmarsh birds counted in the spring"

func items(check *checks, connection connectionAt) {
	at := connection.Items().ByExternalItemId
	birds := func() externalconnectors.ExternalItemable {
		return item("Saltmarsh survey", birdsText, rich(), everyone)
	}
	kept, err := at("rich").Put(ctx, birds(), nil)
	check.answer("put an item with all types", err, func() bool { return *kept.GetId() == "rich" })
	kept, err = at("rich").Put(ctx, birds(), nil)
	check.answer("put it again", err, func() bool { return *kept.GetId() == "rich" })
	grant, deny := externalconnectors.GRANT_ACCESSTYPE, externalconnectors.DENY_ACCESSTYPE
	own := entry(externalconnectors.USER_ACLTYPE, *userID, grant)
	team := entry(externalconnectors.EXTERNALGROUP_ACLTYPE, "wardens", grant)
	zoneless := map[string]any{"changed": "2026-01-02T03:04:05"}
	denied := entry(externalconnectors.USER_ACLTYPE, *userID, deny)
	for _, one := range []struct {
		id, name string
		said     externalconnectors.ExternalItemable
	}{
		{"mine", "for one user", item("Saltmarsh notes", "saltmarsh, private", nil, own)},
		{"team", "for a group", item("Saltmarsh rota", "saltmarsh, for wardens", nil, team)},
		{"denied", "for everyone but one", item("Saltmarsh audit", "saltmarsh, not for one", nil, everyone, denied)},
		{"Odd-id_" + strings.Repeat("x", 60), "with a long id", item("Odd", "an odd id", nil, everyone)},
		{"bare", "without content, with a date without a zone", item("Bare", "", zoneless, everyone)},
		{"nobody", "for nobody", item("Saltmarsh draft", "saltmarsh, unpublished", nil)},
	} {
		_, err = at(one.id).Put(ctx, one.said, nil)
		check.done("put an item "+one.name, err)
	}
	kept, err = at("rich").Get(ctx, nil)
	check.answer("get it back whole", err, func() bool {
		first := kept.GetAcl()[0]
		return shows(kept.GetProperties().GetAdditionalData(), rich()) && *kept.GetContent().GetValue() == birdsText &&
			*first.GetTypeEscaped() == externalconnectors.EVERYONE_ACLTYPE && *first.GetAccessType() == grant
	})
	_, err = at("bad").Put(ctx, item("x", "x", map[string]any{"color": "red"}, everyone), nil)
	check.refusal("a property outside the schema: 400", err, 400)
	_, err = at("bad").Get(ctx, nil)
	check.refusal("an unknown item: 404", err, 404)
	activity := externalconnectors.NewExternalActivity()
	activity.SetTypeEscaped(to(externalconnectors.CREATED_EXTERNALACTIVITYTYPE))
	activity.SetPerformedBy(identity(*userID))
	activity.SetStartDateTime(to(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)))
	body := external.NewConnectionsItemItemsItemMicrosoftGraphExternalConnectorsAddActivitiesAddActivitiesPostRequestBody()
	body.SetActivities([]externalconnectors.ExternalActivityable{activity})
	results, err := at("rich").MicrosoftGraphExternalConnectorsAddActivities().PostAsAddActivitiesPostResponse(ctx, body, nil)
	check.answer("add an activity", err, func() bool { return len(results.GetValue()) == 1 })
}
