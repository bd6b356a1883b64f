//! The suite of the port, each promise in a fresh directory.

#![expect(clippy::unwrap_used, reason = "tests")]

use tenant::{
    contract::store::{self as suite, Opened},
    visibility::Visibility,
};

fn open(directory: &std::path::Path) -> Opened {
    let visibility = Visibility::new();
    let store = store::open(directory, visibility.clone()).unwrap();
    (store, visibility)
}

/// One test per promise about an open store.
macro_rules! promises {
    ($($door:ident: $($promise:ident)*;)*) => {
        $(mod $door { $(
            #[tokio::test]
            async fn $promise() {
                let directory = tempfile::tempdir().unwrap();
                let (store, visibility) = super::open(directory.path());
                super::suite::$door::$promise(store, visibility).await;
            }
        )* })*
    };
}

/// One test per promise about a store that is closed and opened again.
macro_rules! promises_of_reopening {
    ($($promise:ident)*) => {
        mod reopening { $(
            #[tokio::test]
            async fn $promise() {
                let directory = tempfile::tempdir().unwrap();
                super::suite::reopening::$promise(|| super::open(directory.path())).await;
            }
        )* }
    };
}

promises! {
    connections: ids_are_compared_without_case listed_in_the_order_made updates_expect_a_version
        names_are_free_after_deletion schemas_expect_a_version failed_operations_keep_their_reason
        registrations_take_their_time due_moments_brought_forward connections_on_their_way_out;
    items: writes_are_read writes_expect writes_expect_a_schema acl_only_writes_are_live_at_once
        acl_only_writes_leave_lines_alone equal_acls_share_a_number empty_lists_admit_nobody
        deleted_items_come_back_as_others found_by_number_and_counted activities_need_an_item
        writers_at_once;
    limits: items_are_counted items_of_a_connection_are_limited items_of_a_tenant_are_limited
        a_limit_holds_for_writers_at_once groups_are_limited members_are_limited;
    stale: old_words_need_both the_last_acl_counts four_are_remembered forgotten_when_done
        kept_from_the_claimed_words_on forgotten_with_the_item;
    dirty: oldest_first_with_current_rows claims_are_bounded done_spares_what_is_newer
        all_can_be_marked deleted_connections_are_claimed_as_gone schemas_leave_lines_alone;
    groups: groups_are_kept members_are_live_at_once groups_in_groups one_member_by_id
        groups_are_the_connections;
    lists: items_in_steps groups_in_steps members_in_steps members_by_id operations_in_steps
        activities_in_steps gone_with_the_connection;
    survey: items_are_counted_and_told groups_are_told surveys_are_bounded;
    purge: nothing_to_do in_small_steps groups_go_as_well one_after_the_other;
    accounts: replaced_as_a_whole;
}

promises_of_reopening! {
    everything_is_kept numbers_are_never_used_twice acls_in_use_keep_their_numbers
        old_words_are_kept purging_goes_on counts_are_found_again
}
