//! Code lists: the codes, labels and synonyms that cells of a code field may hold.

use std::sync::Arc;

/// The code lists of the catalogue (`codes.csv`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeList {
    /// The ten categories of works, and 其他.
    Category,
    /// 加固, 新建, 改建, 扩建, 拆除重建.
    RecordKind,
    /// The use of the building or facility.
    Use,
    /// The structure type.
    StructureType,
    /// Units of scale.
    ScaleUnit,
    /// Seismic fortification intensity, degrees.
    Intensity,
    /// Design basic acceleration, g.
    Acceleration,
    /// Design earthquake group.
    DesignGroup,
    /// Site class.
    SiteClass,
    /// Fortification class, A (strictest) to D.
    FortificationClass,
    /// Retrofit methods.
    RetrofitMethod,
    /// Stage of the works.
    Stage,
    /// Yes and no in all their marks.
    YesNo,
}

impl CodeList {
    /// Every list.
    pub const ALL: &'static [Self] = &[
        Self::Category,
        Self::RecordKind,
        Self::Use,
        Self::StructureType,
        Self::ScaleUnit,
        Self::Intensity,
        Self::Acceleration,
        Self::DesignGroup,
        Self::SiteClass,
        Self::FortificationClass,
        Self::RetrofitMethod,
        Self::Stage,
        Self::YesNo,
    ];

    /// The name of the list in `codes.csv`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::RecordKind => "record_kind",
            Self::Use => "use",
            Self::StructureType => "structure_type",
            Self::ScaleUnit => "scale_unit",
            Self::Intensity => "intensity",
            Self::Acceleration => "acceleration",
            Self::DesignGroup => "design_group",
            Self::SiteClass => "site_class",
            Self::FortificationClass => "fortification_class",
            Self::RetrofitMethod => "retrofit_method",
            Self::Stage => "stage",
            Self::YesNo => "yes_no",
        }
    }

    /// The list with this name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|list| list.id() == id)
    }
}

/// One entry of a code list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeEntry {
    /// The code, as kept in records and sent to the platform.
    pub code: Arc<str>,
    /// The label that officers see.
    pub label: String,
    /// Other ways of writing it.
    pub synonyms: Vec<String>,
}

impl CodeEntry {
    /// Its label and its synonyms.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.label).chain(self.synonyms.iter().map(String::as_str))
    }

    /// Every way of writing it: the code, the label, the synonyms.
    pub(crate) fn ways(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.code).chain(self.names())
    }
}
