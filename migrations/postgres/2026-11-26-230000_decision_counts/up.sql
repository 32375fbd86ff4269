-- How many decisions of each kind fell on each department's projects in each month (Asia/Shanghai), for the bulletin. Changed with every decision, so
-- that none of them is counted when it is opened.
CREATE TABLE decision_counts (
    month TEXT NOT NULL,
    department TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    decisions BIGINT NOT NULL,
    CONSTRAINT decision_counts_pk PRIMARY KEY (month, department, from_state, to_state)
);
INSERT INTO decision_counts
    SELECT to_char(to_timestamp(d.decided_at / 1000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'), p.department, d.from_state, d.to_state, COUNT(*)
    FROM decisions d
    JOIN projects p ON p.id = d.project_id
    GROUP BY 1, 2, 3, 4;
