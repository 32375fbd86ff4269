//! How the columns of a roster were understood: shown, corrected, remembered for the department, and taken back.

use reqwest::StatusCode;

use super::{Site, roster, school};

/// A roster with one header renamed and one column more.
fn renamed(from: &str, to: &str, more: &str) -> Vec<u8> {
    let text = String::from_utf8(roster(&[school(1), school(2)])).unwrap();
    let mut lines: Vec<String> = text.lines().map(|line| format!("{line},{more}")).collect();
    lines[0] = text.lines().next().unwrap().replacen(from, to, 1) + ",内部批号";
    lines.join("\n").into_bytes()
}

#[tokio::test]
async fn a_missing_column_is_found_by_the_officer_and_remembered() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let shown = browser.upload("一.csv", renamed("工程类别", "行业口径", "X-9")).await;
    assert!(
        shown.shows("没有读出任何工程") && shown.shows("/uploads/1/columns"),
        "{}",
        shown.text
    );
    let page = browser.get("/uploads/1/columns").await;
    assert!(page.shows("缺少必填栏目：工程类别"), "{}", page.text);
    assert!(
        page.shows("<th scope=\"row\">行业口径</th>") && page.shows("学校"),
        "{}",
        page.text
    );
    assert!(page.shows("name=\"column:行业口径\"") && page.shows("X-9"));
    // What is certain is only said; what is left can be chosen.
    assert!(
        !page.shows("name=\"column:工程名称\"") && !page.shows("<option>工程名称</option>"),
        "{}",
        page.text
    );
    assert!(
        browser
            .get("/uploads/1/columns?all=1")
            .await
            .shows("name=\"column:工程名称\"")
    );
    let all = browser.get("/uploads/1/columns?all=1").await;
    assert!(all.text.len() < 60_000, "18 columns: {} bytes", all.text.len());

    let form = [
        ("table", "0"),
        ("column:行业口径", "工程类别"),
        ("column:内部批号", "不导入"),
    ];
    let read = browser.post("/uploads/1/columns", &form).await;
    assert_eq!((read.status, &*read.path), (StatusCode::OK, "/uploads/1"));
    assert!(read.shows("读出 <strong>2</strong> 个工程：新增 2 个"), "{}", read.text);
    assert!(
        read.shows("有 2 列按贵单位上次的更正识别") && !read.shows("F006"),
        "{}",
        read.text
    );
    assert!(browser.get("/").await.shows("未提交，待核对"));
    assert!(browser.confirm(&read, "").await.shows("已于"));

    // The next roster is read so at once, says so, and can be read as headed again.
    let next = browser.upload("二.csv", renamed("工程类别", "行业口径", "X-10")).await;
    assert!(
        next.shows("没变化 2 个") && next.shows("有 2 列按贵单位上次的更正识别"),
        "{}",
        next.text
    );
    let page = browser.get("/uploads/2/columns").await;
    assert!(
        page.shows("按贵单位上次的更正识别（jtj，2026-11-23 10:00）"),
        "{}",
        page.text
    );
    let again = browser
        .post("/uploads/2/columns", &[("table", "0"), ("forget", "yes")])
        .await;
    assert!(again.shows("没有读出任何工程"), "{}", again.text);
    assert!(browser.get("/").await.shows("无法读取"));

    // Another department reads its own headers.
    let other = site.reporter("WJW").await;
    assert!(
        other
            .upload("三.csv", renamed("工程类别", "行业口径", "X-9"))
            .await
            .shows("没有读出任何工程")
    );
    let secretariat = site.secretariat().await;
    assert!(secretariat.get("/audit").await.shows("更正列的含义"));
}

#[tokio::test]
async fn two_columns_of_one_field_are_told_apart_and_never_both_taken() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let bytes = renamed("备注", "建筑面积", "");
    let shown = browser.upload("一.csv", bytes).await;
    assert!(shown.shows("F008"), "{}", shown.text);
    let page = browser.get("/uploads/1/columns").await;
    assert!(
        page.shows("name=\"column:建筑面积\"") && page.shows("name=\"column:建筑面积#2\""),
        "{}",
        page.text
    );
    assert!(page.shows("与另一列重复"));

    let both = [
        ("table", "0"),
        ("column:建筑面积", "建筑面积"),
        ("column:建筑面积#2", "建筑面积"),
    ];
    let refused = browser.post("/uploads/1/columns", &both).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.shows("L 列和 Q 列都指定为「建筑面积」"), "{}", refused.text);

    let one = [
        ("table", "0"),
        ("column:建筑面积", "建筑面积"),
        ("column:建筑面积#2", "备注"),
    ];
    let read = browser.post("/uploads/1/columns", &one).await;
    assert!(read.shows("新增 2 个"), "{}", read.text);
    // A choice that is none, of a column that is not there, changes nothing.
    let strange = [
        ("table", "0"),
        ("column:没有这列", "工程名称"),
        ("column:建筑面积", "nothing"),
    ];
    assert!(browser.post("/uploads/1/columns", &strange).await.shows("新增 2 个"));
    assert_eq!(
        browser.post("/uploads/1/columns", &[("table", "7")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_column_without_a_header_is_shown_by_its_letter_and_values_and_remembered() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let shown = browser.upload("一.csv", renamed("工程类别", "", "")).await;
    assert!(shown.shows("没有读出任何工程"), "{}", shown.text);
    let page = browser.get("/uploads/1/columns").await;
    let neighbours = page.text.split("name=\"column:").nth(1).unwrap();
    let key = neighbours.split('"').next().unwrap();
    assert!(key.contains("|空1/1|"), "{key}");
    assert!(
        page.shows("<th scope=\"row\">（无表头）</th>") && page.shows("学校"),
        "{}",
        page.text
    );
    let field = format!("column:{key}");
    let form = [("table", "0"), (field.as_str(), "工程类别")];
    let read = browser.post("/uploads/1/columns", &form).await;
    assert!(read.shows("新增 2 个"), "{}", read.text);
    let next = browser.upload("二.csv", renamed("工程类别", "", "X-9")).await;
    assert!(
        next.shows("新增 2 个") && next.shows("有 1 列按贵单位上次的更正识别"),
        "{}",
        next.text
    );
}

#[tokio::test]
async fn headers_are_text_and_nobody_corrects_for_another_department() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let bytes = renamed("备注", "<script>alert(1)</script>", "<b>");
    browser.upload("一.csv", bytes).await;
    let page = browser.get("/uploads/1/columns").await;
    assert!(!page.shows("<script>alert") && !page.shows("<b>"), "{}", page.text);
    let other = site.reporter("WJW").await;
    assert_eq!(other.get("/uploads/1/columns").await.status, StatusCode::NOT_FOUND);
    let stolen = other
        .post("/uploads/1/columns", &[("table", "0"), ("column:工程名称", "不导入")])
        .await;
    assert_eq!(stolen.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_the_reading_changed_is_shown_before_and_kept_with_the_project() {
    let site = Site::new().await;
    let browser = site.reporter("JTJ").await;
    let rows = [school(1).with_area("0.31万㎡"), school(2).with_area("<b>3</b>")];
    let shown = browser.upload("一.csv", roster(&rows)).await;
    assert!(shown.shows("“0.31万㎡”登记为 3100 ㎡"), "{}", shown.text);
    browser.confirm(&shown, "").await;
    let project = browser.get("/projects/LC-2026-000001").await;
    assert!(
        project.shows("3100 ㎡<br><span class=\"small soft\">原表写的是“0.31万㎡”"),
        "{}",
        project.text
    );

    // A row that says it plainly has nothing beside its value.
    let next = browser.upload("二.csv", roster(&[school(1).with_area("3200")])).await;
    browser.confirm(&next, "").await;
    let project = browser.get("/projects/LC-2026-000001").await;
    assert!(
        project.shows("3200 ㎡") && !project.shows("0.31万㎡”"),
        "{}",
        project.text
    );
}
