//! The tables as diesel sees them. Columns stand in the order of the migrations; every one is a 64-bit integer, text or bytes.

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
        turns -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        name -> Text,
        role -> Text,
        department -> Nullable<Text>,
        password_hash -> Text,
        must_change -> BigInt,
        failures -> BigInt,
        locked_until -> Nullable<BigInt>,
        active -> BigInt,
        created_at -> BigInt,
        created_by -> Text,
        last_login_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Text,
        user_id -> BigInt,
        created_at -> BigInt,
        seen_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        opened_from -> Text,
        seen_from -> Text,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        user_id -> BigInt,
        label -> Text,
        token_hash -> Text,
        scopes -> Text,
        created_at -> BigInt,
        created_by -> Text,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        revoked_by -> Nullable<Text>,
    }
}

diesel::table! {
    api_requests (actor, request_key) {
        actor -> Text,
        request_key -> Text,
        request_hash -> Text,
        begun_at -> BigInt,
        status -> Nullable<BigInt>,
        headers -> Nullable<Text>,
        body -> Nullable<Text>,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        object -> Text,
        detail -> Text,
        origin -> Text,
        outcome -> Text,
    }
}

diesel::table! {
    uploads (id) {
        id -> BigInt,
        department -> Text,
        period -> Text,
        sha256 -> Text,
        file_name -> Text,
        stored -> Text,
        bytes -> BigInt,
        state -> Text,
        summary -> Nullable<Text>,
        received_by -> Text,
        received_at -> BigInt,
        committed_at -> Nullable<BigInt>,
        supplement -> BigInt,
    }
}

diesel::table! {
    upload_rows (upload_id, seq) {
        upload_id -> BigInt,
        seq -> BigInt,
        sheet -> Text,
        row_no -> BigInt,
        reason -> Text,
        met_project -> Nullable<BigInt>,
        values_json -> Text,
        superseded_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    upload_findings (upload_id, seq) {
        upload_id -> BigInt,
        seq -> BigInt,
        code -> Text,
        severity -> Text,
        sheet -> Nullable<Text>,
        row_no -> Nullable<BigInt>,
        cell -> Nullable<Text>,
        field -> Nullable<Text>,
        written -> Nullable<Text>,
        message -> Text,
        suggestion -> Nullable<Text>,
        basis -> Nullable<Text>,
    }
}

diesel::table! {
    projects (id) {
        id -> BigInt,
        entry_year -> BigInt,
        department -> Text,
        revision -> BigInt,
        approved_revision -> Nullable<BigInt>,
        state -> Text,
        op -> Text,
        digest -> Text,
        submitted_by -> Text,
        updated_at -> BigInt,
        explained -> BigInt,
        project_no -> Nullable<Text>,
        name -> Text,
        category -> Text,
        record_kind -> Text,
        use_code -> Text,
        owner_unit -> Text,
        county -> Text,
        township -> Text,
        longitude_e6 -> Nullable<BigInt>,
        latitude_e6 -> Nullable<BigInt>,
        stage -> Text,
        progress_e2 -> Nullable<BigInt>,
        floor_area_e2 -> Nullable<BigInt>,
        scale_e2 -> Nullable<BigInt>,
        scale_unit -> Nullable<Text>,
        planned_yuan -> Nullable<BigInt>,
        done_yuan -> Nullable<BigInt>,
        completion -> Nullable<Text>,
        completion_first -> Nullable<Text>,
        completion_last -> Nullable<Text>,
    }
}

diesel::table! {
    project_keys (project_id) {
        project_id -> BigInt,
        department -> Text,
        number -> Nullable<Text>,
        name -> Nullable<Text>,
        address -> Nullable<Text>,
        owner -> Nullable<Text>,
        cell -> Nullable<Text>,
    }
}

diesel::table! {
    project_counts (department, state, category, county, stage, explained) {
        department -> Text,
        state -> Text,
        category -> Text,
        county -> Text,
        stage -> Text,
        explained -> BigInt,
        projects -> BigInt,
    }
}

diesel::table! {
    revisions (project_id, revision) {
        project_id -> BigInt,
        revision -> BigInt,
        op -> Text,
        values_json -> Text,
        digest -> Text,
        rules -> Text,
        upload_id -> Nullable<BigInt>,
        sheet -> Nullable<Text>,
        row_no -> Nullable<BigInt>,
        note -> Nullable<Text>,
        submitted_by -> Text,
        submitted_at -> BigInt,
        state -> Text,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    decisions (project_id, revision, to_state) {
        project_id -> BigInt,
        revision -> BigInt,
        to_state -> Text,
        from_state -> Text,
        decided_by -> Text,
        decided_at -> BigInt,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    decision_counts (month, department, from_state, to_state) {
        month -> Text,
        department -> Text,
        from_state -> Text,
        to_state -> Text,
        decisions -> BigInt,
    }
}

diesel::table! {
    findings (project_id, revision, seq) {
        project_id -> BigInt,
        revision -> BigInt,
        seq -> BigInt,
        code -> Text,
        severity -> Text,
        cell -> Nullable<Text>,
        field -> Nullable<Text>,
        written -> Nullable<Text>,
        message -> Text,
        suggestion -> Nullable<Text>,
        basis -> Nullable<Text>,
    }
}

diesel::table! {
    explanations (project_id, revision, seq) {
        project_id -> BigInt,
        revision -> BigInt,
        seq -> BigInt,
        explanation -> Text,
        given_by -> Text,
        given_at -> BigInt,
        carried_from -> Nullable<BigInt>,
    }
}

diesel::table! {
    approved_projects (project_id) {
        project_id -> BigInt,
        revision -> BigInt,
        department -> Text,
        category -> Text,
        county -> Text,
        stage -> Text,
        floor_area_e2 -> Nullable<BigInt>,
        scale_e2 -> Nullable<BigInt>,
        scale_unit -> Nullable<Text>,
        planned_yuan -> Nullable<BigInt>,
        done_yuan -> Nullable<BigInt>,
        completion_first -> Nullable<Text>,
        since -> BigInt,
    }
}

diesel::table! {
    former_projects (project_id, revision) {
        project_id -> BigInt,
        revision -> BigInt,
        department -> Text,
        category -> Text,
        county -> Text,
        stage -> Text,
        scale_e2 -> Nullable<BigInt>,
        scale_unit -> Nullable<Text>,
        completion_first -> Nullable<Text>,
        since -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    sync_runs (id) {
        id -> BigInt,
        holder -> Text,
        started_by -> Text,
        started_at -> BigInt,
        lease_until -> BigInt,
        state -> Text,
        accepted -> BigInt,
        rejected -> BigInt,
        unchanged -> BigInt,
        stale -> BigInt,
        pending -> BigInt,
        unknown -> BigInt,
        not_sent -> BigInt,
        batches -> BigInt,
        detail -> Nullable<Text>,
        ended_at -> Nullable<BigInt>,
        left_kept -> BigInt,
    }
}

diesel::table! {
    run_left (run_id, delivery_id, project_id) {
        run_id -> BigInt,
        delivery_id -> BigInt,
        project_id -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    batches (id) {
        id -> BigInt,
        batch_no -> Text,
        idempotency_key -> Text,
        body_sha256 -> Text,
        body -> Nullable<Binary>,
        run_id -> BigInt,
        state -> Text,
        platform_batch_id -> Nullable<Text>,
        recorded_at -> BigInt,
        closed_at -> Nullable<BigInt>,
        transport -> Text,
    }
}

diesel::table! {
    deliveries (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        revision -> BigInt,
        op -> Text,
        stage -> Text,
        state -> Text,
        run_id -> Nullable<BigInt>,
        batch_id -> Nullable<BigInt>,
        created_at -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    batch_members (project_id, delivery_id, batch_id) {
        project_id -> BigInt,
        delivery_id -> BigInt,
        batch_id -> BigInt,
        digest -> Nullable<Text>,
    }
}

diesel::table! {
    attempts (id) {
        id -> BigInt,
        batch_id -> BigInt,
        run_id -> BigInt,
        kind -> Text,
        request_id -> Text,
        started_at -> BigInt,
        duration_ms -> BigInt,
        status -> Nullable<BigInt>,
        problem -> Nullable<Text>,
        retry_after_s -> Nullable<BigInt>,
    }
}

diesel::table! {
    receipts (project_id, delivery_id, run_id) {
        project_id -> BigInt,
        delivery_id -> BigInt,
        run_id -> BigInt,
        batch_id -> Nullable<BigInt>,
        verdict -> Text,
        platform_no -> Nullable<Text>,
        errors_json -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    stray_receipts (id) {
        id -> BigInt,
        batch_id -> BigInt,
        delivery_id -> Nullable<BigInt>,
        kind -> Text,
        raw -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    job_runs (id) {
        id -> BigInt,
        job -> Text,
        due_at -> BigInt,
        catch_up -> BigInt,
        holder -> Text,
        token -> BigInt,
        started_at -> BigInt,
        lease_until -> BigInt,
        state -> Text,
        outcome -> Nullable<Text>,
        ended_at -> Nullable<BigInt>,
        heartbeat_at -> BigInt,
        operator -> Nullable<Text>,
    }
}

diesel::table! {
    job_pauses (job) {
        job -> Text,
        paused_by -> Text,
        paused_at -> BigInt,
    }
}

diesel::table! {
    waivers (project_id, rule, seq) {
        project_id -> BigInt,
        rule -> Text,
        seq -> BigInt,
        until -> Text,
        reason -> Text,
        granted_by -> Text,
        granted_at -> BigInt,
    }
}

diesel::table! {
    figures (department, category, county, stage, completed, unit) {
        department -> Text,
        category -> Text,
        county -> Text,
        stage -> Text,
        completed -> Text,
        unit -> Text,
        projects -> BigInt,
        scale_e2 -> BigInt,
        planned_yuan -> BigInt,
        done_yuan -> BigInt,
    }
}

diesel::table! {
    snapshot_months (month) {
        month -> Text,
        taken_at -> BigInt,
    }
}

diesel::table! {
    snapshots (month, department, category, county, stage, completed, unit) {
        month -> Text,
        department -> Text,
        category -> Text,
        county -> Text,
        stage -> Text,
        completed -> Text,
        unit -> Text,
        projects -> BigInt,
        scale_e2 -> BigInt,
        planned_yuan -> BigInt,
        done_yuan -> BigInt,
    }
}

diesel::table! {
    targets (year, department, category, county) {
        year -> BigInt,
        department -> Text,
        category -> Text,
        county -> Text,
        unit -> Text,
        amount_e2 -> BigInt,
        version -> BigInt,
        set_by -> Text,
        set_at -> BigInt,
    }
}

diesel::table! {
    due_days (department, since) {
        department -> Text,
        since -> Text,
        day -> BigInt,
        set_by -> Text,
        set_at -> BigInt,
    }
}

diesel::table! {
    monthly_reports (department, period) {
        department -> Text,
        period -> Text,
        upload_id -> BigInt,
        received_at -> BigInt,
        received_by -> Text,
        row_count -> BigInt,
        held_count -> BigInt,
    }
}

diesel::table! {
    upload_checks (upload_id) {
        upload_id -> BigInt,
        department -> Text,
        period -> Text,
        row_count -> BigInt,
        errors -> BigInt,
        confirms -> BigInt,
        hints -> BigInt,
    }
}

diesel::table! {
    upload_check_findings (upload_id, code, severity) {
        upload_id -> BigInt,
        code -> Text,
        severity -> Text,
        times -> BigInt,
    }
}

diesel::table! {
    lookalikes (project_id, other_id) {
        project_id -> BigInt,
        other_id -> BigInt,
        why -> Text,
        found_at -> BigInt,
    }
}

diesel::table! {
    reminders (department, subject, kind) {
        department -> Text,
        subject -> Text,
        kind -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    inspections (id) {
        id -> BigInt,
        held_on -> Text,
        place -> Text,
        inspectors -> Text,
        note -> Text,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    inspection_findings (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        inspection_id -> BigInt,
        department -> Text,
        problem -> Text,
        deadline -> Text,
        state -> Text,
        version -> BigInt,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    finding_moves (project_id, finding_id, seq) {
        project_id -> BigInt,
        finding_id -> BigInt,
        seq -> BigInt,
        from_state -> Text,
        to_state -> Text,
        note -> Text,
        made_by -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    finding_photos (project_id, finding_id, sha256) {
        project_id -> BigInt,
        finding_id -> BigInt,
        sha256 -> Text,
        seq -> BigInt,
        file_name -> Text,
        format -> Text,
        bytes -> BigInt,
        width -> BigInt,
        height -> BigInt,
    }
}

diesel::table! {
    meeting_items (id) {
        id -> BigInt,
        meeting_on -> Text,
        meeting -> Text,
        matter -> Text,
        department -> Text,
        deadline -> Text,
        state -> Text,
        version -> BigInt,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    meeting_moves (item_id, seq) {
        item_id -> BigInt,
        seq -> BigInt,
        from_state -> Text,
        to_state -> Text,
        note -> Text,
        made_by -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    photos (project_id, kind, sha256) {
        project_id -> BigInt,
        kind -> Text,
        sha256 -> Text,
        id -> BigInt,
        file_name -> Text,
        format -> Text,
        bytes -> BigInt,
        width -> BigInt,
        height -> BigInt,
        state -> Text,
        problem -> Nullable<Text>,
        added_by -> Text,
        added_at -> BigInt,
        sent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    early_waivers (department, kind, key, rule, seq) {
        department -> Text,
        kind -> Text,
        key -> Text,
        rule -> Text,
        seq -> BigInt,
        project -> Text,
        until -> Text,
        reason -> Text,
        granted_by -> Text,
        granted_at -> BigInt,
    }
}

diesel::table! {
    reconciliations (id) {
        id -> BigInt,
        started_by -> Text,
        started_at -> BigInt,
        redeliver -> BigInt,
        listed -> BigInt,
        ended_at -> Nullable<BigInt>,
        trouble -> Nullable<Text>,
    }
}

diesel::table! {
    differences (reconciliation_id, source_id) {
        reconciliation_id -> BigInt,
        source_id -> Text,
        kind -> Text,
        revision_here -> Nullable<BigInt>,
        revision_there -> Nullable<BigInt>,
        note -> Nullable<Text>,
        done -> Text,
    }
}

diesel::table! {
    upload_readings (upload_id) {
        upload_id -> BigInt,
        read_on -> Text,
        rules -> Text,
        summary -> Text,
    }
}

diesel::table! {
    upload_reading_parts (upload_id, part) {
        upload_id -> BigInt,
        part -> BigInt,
        content -> Text,
    }
}

diesel::table! {
    upload_explanations (upload_id, scope) {
        upload_id -> BigInt,
        scope -> Text,
        explanation -> Text,
        given_by -> Text,
        given_at -> BigInt,
    }
}

diesel::table! {
    upload_matches (upload_id, sheet, row_no) {
        upload_id -> BigInt,
        sheet -> Text,
        row_no -> BigInt,
        same_as -> Nullable<BigInt>,
        decided_by -> Text,
        decided_at -> BigInt,
    }
}

diesel::table! {
    revision_written (project_id, revision) {
        project_id -> BigInt,
        revision -> BigInt,
        written -> Text,
    }
}

diesel::table! {
    column_corrections (department, header) {
        department -> Text,
        header -> Text,
        field -> Nullable<Text>,
        corrected_by -> Text,
        corrected_at -> BigInt,
    }
}

diesel::table! {
    audit_chain (position) {
        position -> BigInt,
        entry_id -> BigInt,
        entry_hash -> Text,
        chain_hash -> Text,
        sealed_at -> BigInt,
    }
}

diesel::table! {
    review_queue (project_id) {
        project_id -> BigInt,
        revision -> BigInt,
        step -> Text,
        department -> Text,
        category -> Text,
        county -> Text,
        stage -> Text,
        severity -> Text,
        explained -> BigInt,
        changed -> Text,
        due -> Nullable<Text>,
        waiting_since -> BigInt,
    }
}

diesel::table! {
    endorsements (project_id, revision) {
        project_id -> BigInt,
        revision -> BigInt,
        endorsed_by -> Text,
        endorsed_at -> BigInt,
    }
}

diesel::table! {
    department_settings (department) {
        department -> Text,
        lead_review -> BigInt,
        changed_by -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    comments (project_id, seq) {
        project_id -> BigInt,
        seq -> BigInt,
        revision -> BigInt,
        body -> Text,
        written_by -> Text,
        written_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    counters,
    users,
    sessions,
    api_tokens,
    api_requests,
    audit_log,
    uploads,
    upload_rows,
    upload_findings,
    projects,
    project_keys,
    revisions,
    decisions,
    decision_counts,
    findings,
    explanations,
    approved_projects,
    former_projects,
    sync_runs,
    run_left,
    batches,
    deliveries,
    batch_members,
    attempts,
    receipts,
    stray_receipts,
    job_runs,
    reconciliations,
    differences,
    job_pauses,
    waivers,
    figures,
    snapshot_months,
    snapshots,
    targets,
    due_days,
    monthly_reports,
    upload_checks,
    upload_check_findings,
    lookalikes,
    reminders,
    inspections,
    inspection_findings,
    finding_moves,
    finding_photos,
    meeting_items,
    meeting_moves,
    photos,
    early_waivers,
    audit_chain,
    upload_readings,
    upload_reading_parts,
    upload_explanations,
    upload_matches,
    project_counts,
    column_corrections,
    revision_written,
    review_queue,
    endorsements,
    department_settings,
    comments,
);
